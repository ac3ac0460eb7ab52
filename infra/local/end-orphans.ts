import { readdir, readlink, realpath, stat } from "node:fs/promises";
import { platform } from "node:os";
import { basename } from "node:path";
import { programOf } from "./process-identity.ts";

/**
 * Asks the processes of a killed server to end, which no other server may follow: those that do nothing end by themselves,
 * one in the middle of a statement only after it. They stand in the folder of the database and run PostgreSQL as its owner.
 * Only where the system tells and when no server runs on the folder; how many were asked.
 */
export async function endOrphans(dataDir: string): Promise<number> {
  if (platform() !== "linux") return 0;
  const [folder, { uid }, names] = await Promise.all([realpath(dataDir), stat(dataDir), readdir("/proc")]);
  let asked = 0;
  for (const pid of names.filter((name) => /^\d+$/.test(name)).map(Number)) {
    if ((await readlink(`/proc/${pid}/cwd`).catch(() => "")) !== folder) continue;
    if ((await stat(`/proc/${pid}`).catch(() => undefined))?.uid !== uid) continue;
    if (!basename((await programOf(pid)) ?? "").startsWith("postgres")) continue;
    process.kill(pid, "SIGTERM");
    asked += 1;
  }
  return asked;
}
