import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import {
  CREDENTIALS_FILE,
  type Credentials,
  parseCredentials,
  parseRuntime,
  RUNTIME_FILE,
  type Runtime,
} from "@soma/schemas/data-folder";
import { isAlive } from "@soma/schemas/is-alive";
import { lifeOf } from "@soma/schemas/process-life";

/** Where this command stands: the product of its own project is found from any folder. */
const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

/** The data folder to look into when none is given: SOMA_DATA_DIR, the nearest .soma upwards, or the project's own. */
export function nearestDataDir(env: Record<string, string | undefined>, cwd: string): string | undefined {
  const given = env.SOMA_DATA_DIR;
  if (given !== undefined && given !== "") return resolve(cwd, given);
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (isDataDir(join(folder, ".soma"))) return join(folder, ".soma");
    if (dirname(folder) === folder) break;
  }
  return isDataDir(join(PROJECT, ".soma")) ? join(PROJECT, ".soma") : undefined;
}

function isDataDir(folder: string): boolean {
  return existsSync(join(folder, RUNTIME_FILE));
}

export async function readRuntime(dataDir: string): Promise<Runtime | undefined> {
  return parseRuntime(await readText(join(dataDir, RUNTIME_FILE)));
}

/** Whether the process that wrote the file still runs, and not a later one that was given its number. */
export async function isRunning({ pid, life }: Runtime): Promise<boolean> {
  return life === undefined ? isAlive(pid) : (await lifeOf(pid)) === life;
}

export async function readCredentials(dataDir: string): Promise<Credentials | undefined> {
  return parseCredentials(await readText(join(dataDir, CREDENTIALS_FILE)));
}

async function readText(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
