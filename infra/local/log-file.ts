import { chmodSync, mkdirSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import { createLog, type Log } from "@soma/shared/log";
import { openDestination } from "@soma/shared/log-destination";
import { readProcessSettings } from "@soma/shared/run-main";

/** The log of a process in its data folder, readable by its owner alone: it names people and what they asked for. */
export function openLogFile(dataDir: string, name: string): { log: Log; path: string } {
  const { logLevel } = readProcessSettings(process.env);
  const path = join(dataDir, "log", `${name}.log`);
  return { log: createLog({ level: logLevel, service: name, destination: openDestination(open(path)) }), path };
}

/** The first thing that is made in a data folder, so it is here that a folder shows that cannot be written to. */
function open(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const file = openSync(path, "a", 0o600);
    chmodSync(path, 0o600);
    return file;
  } catch (cause) {
    throw new Error(
      `${path} cannot be written: ${(cause as Error).message}; start as the user the data folder belongs to, or choose another folder with --data DIR`,
      { cause },
    );
  }
}
