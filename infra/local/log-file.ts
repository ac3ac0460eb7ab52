import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { createLog, type Log } from "@soma/shared/log";
import { readProcessSettings } from "@soma/shared/run-main";
import { pino } from "pino";

/** The log of a process in its data folder, readable by its owner alone: it names people and what they asked for. */
export function openLogFile(dataDir: string, name: string): { log: Log; path: string } {
  const { logLevel } = readProcessSettings(process.env);
  const path = join(dataDir, "log", `${name}.log`);
  mkdirSync(join(dataDir, "log"), { recursive: true, mode: 0o700 });
  if (existsSync(path)) chmodSync(path, 0o600);
  const destination = pino.destination({ dest: path, sync: false, mode: 0o600 });
  return { log: createLog({ level: logLevel, service: name, destination }), path };
}
