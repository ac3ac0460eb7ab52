import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** What of /proc is hidden from a program; the rest tells of its own processes and of the machine as a whole. */
export interface KernelFiles {
  folders: readonly string[];
  files: readonly string[];
}

/**
 * Settings and doors of the kernel. bubblewrap 0.8 makes /proc/sys read-only for who could write the folder, which nobody can without
 * capabilities; its files belong to root, and a sandbox that root starts has root's number outside. Seen here: it could open
 * /proc/sys/kernel/core_pattern to write, which is a program that the kernel runs. So folders go, and files that not everybody may read
 * and nobody write.
 */
export function findKernelFiles(proc = "/proc"): KernelFiles {
  const names = readdirSync(proc, { withFileTypes: true }).filter(({ name }) => !/^\d+$/.test(name));
  const folders = names.filter((entry) => entry.isDirectory()).map(({ name }) => join(proc, name));
  const files = names
    .filter((entry) => entry.isFile())
    .map(({ name }) => join(proc, name))
    .filter((file) => (statSync(file).mode & 0o226) !== 0o004);
  return { folders, files };
}
