import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { platform } from "node:os";
import { promisify } from "node:util";

/** Whether a process has this number; one of another user counts. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The program a process runs, as it was called; empty when it is gone, undefined where that cannot be told. */
export async function programOf(pid: number): Promise<string | undefined> {
  if (platform() === "linux")
    return readFile(`/proc/${pid}/cmdline`, "utf8")
      .then((text) => text.split("\0")[0] ?? "")
      .catch(() => "");
  if (platform() === "win32") return undefined;
  return promisify(execFile)("ps", ["-o", "comm=", "-p", String(pid)]).then(
    ({ stdout }) => stdout.trim(),
    () => "",
  );
}
