import { chmodSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { createLog, type Log } from "@soma/shared/log";
import { openDestination } from "@soma/shared/log-destination";
import { readProcessSettings } from "@soma/shared/run-main";

/** The log of a process in its data folder, readable by its owner alone: it names people and what they asked for. */
export function openLogFile(dataDir: string, name: string): { log: Log; path: string } {
  const { logLevel } = readProcessSettings(process.env);
  const path = join(dataDir, "log", `${name}.log`);
  mkdirSync(join(dataDir, "log"), { recursive: true, mode: 0o700 });
  const file = openSync(path, "a", 0o600);
  chmodSync(path, 0o600);
  return { log: createLog({ level: logLevel, service: name, destination: openDestination(file) }), path };
}
