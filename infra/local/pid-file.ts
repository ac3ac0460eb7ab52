import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/** What PostgreSQL writes into postmaster.pid, by line: 1 the process, 3 when it began, 4 the port, 8 a word, once it is ready. */
export interface PidFile {
  /** With a minus when somebody works on the database by hand, in PostgreSQL's mode for a single user. */
  pid: number;
  startedAt: number;
  port: number;
  ready: boolean;
}

/** Undefined when there is none. Throws when it could not be read: a server may be behind it. */
export async function readPidFile(dataDir: string): Promise<PidFile | undefined> {
  const text = await readFile(pathIn(dataDir), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const lines = text.split("\n");
  const [pid, startedAt, port] = [lines[0], lines[2], lines[3]].map(Number) as [number, number, number];
  return Number.isInteger(pid) && pid !== 0 ? { pid, startedAt, port, ready: lines[7]?.trim() === "ready" } : undefined;
}

/** Also one that names nobody. */
export async function hasPidFile(dataDir: string): Promise<boolean> {
  return stat(pathIn(dataDir)).then(
    () => true,
    () => false,
  );
}

export async function removePidFile(dataDir: string): Promise<void> {
  await rm(pathIn(dataDir), { force: true });
}

function pathIn(dataDir: string): string {
  return join(dataDir, "postmaster.pid");
}
