import { open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  CREDENTIALS_FILE,
  type Credentials,
  parseRuntime,
  RUNTIME_FILE,
  type Runtime,
} from "@soma/schemas/data-folder";

/**
 * Takes the data folder for this process. Throws when a living process has it; the file of a dead one (kill -9) is taken over.
 */
export async function takeDataDir(dataDir: string): Promise<{ release(): Promise<void> }> {
  const path = join(dataDir, "pid");
  for (let attempt = 1; ; attempt += 1) {
    try {
      const file = await open(path, "wx");
      await file.writeFile(`${process.pid}\n`);
      await file.close();
      return { release: () => rm(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt === 3) throw error;
      const pid = Number((await readFile(path, "utf8")).trim());
      if (pid !== process.pid && isAlive(pid)) {
        const running = await readRuntime(dataDir);
        throw new Error(
          `soma is running already on ${dataDir} (process ${pid}${running === undefined ? "" : `, ${running.url}`}); use it, stop it with Ctrl-C in its window, or start another one with --data DIR`,
        );
      }
      await rm(path, { force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

export async function writeRuntime(dataDir: string, runtime: Runtime, credentials: Credentials): Promise<void> {
  await writeFile(join(dataDir, CREDENTIALS_FILE), `${JSON.stringify(credentials)}\n`, { mode: 0o600 });
  await writeFile(join(dataDir, RUNTIME_FILE), `${JSON.stringify(runtime)}\n`);
}

async function readRuntime(dataDir: string): Promise<Runtime | undefined> {
  const text = await readFile(join(dataDir, RUNTIME_FILE), "utf8").catch(() => "");
  return parseRuntime(text);
}
