import { readlink, realpath, stat } from "node:fs/promises";
import { platform } from "node:os";
import { basename } from "node:path";
import { readPidFile } from "./pid-file.ts";
import { listPids, programOf } from "./process-identity.ts";

/**
 * Asks the processes of a killed server to end, which no other server may follow: those that do nothing end by themselves,
 * one in the middle of a statement only after it. They stand in the folder of the database and run PostgreSQL as its owner.
 * Only where the system tells and when no server runs on the folder; how many were asked. Whom the pid file names is no
 * orphan: somebody may work on the database by hand, in PostgreSQL's mode for a single user.
 */
export async function endOrphans(dataDir: string): Promise<number> {
  if (platform() !== "linux") return 0;
  const [folder, { uid }, pids] = await Promise.all([realpath(dataDir), stat(dataDir), listPids()]);
  const owner = Math.abs((await readPidFile(dataDir))?.pid ?? 0);
  let asked = 0;
  for (const pid of pids) {
    if (pid === owner) continue;
    if ((await readlink(`/proc/${pid}/cwd`).catch(() => "")) !== folder) continue;
    if ((await stat(`/proc/${pid}`).catch(() => undefined))?.uid !== uid) continue;
    if (!basename((await programOf(pid)) ?? "").startsWith("postgres")) continue;
    if (askToEnd(pid)) asked += 1;
  }
  return asked;
}

/** False when it has ended meanwhile, as most do by themselves. */
function askToEnd(pid: number): boolean {
  try {
    return process.kill(pid, "SIGTERM");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}
