/** What file systems answer that have no room left: on the disk, or for this user. */
const NO_ROOM: readonly unknown[] = ["ENOSPC", "EDQUOT"];
/** The same, in the words of SQLite, which makes the files of locks. */
const SQLITE_FULL = 13;
const CAUSES = 3;

export const FULL_DISK = "the disk of the data folder is full";

/** Whether an error, or what caused it, is that a file found no room. */
export function isFullDisk(error: unknown): boolean {
  let each = error;
  for (let depth = 0; depth <= CAUSES && each instanceof Error; depth += 1) {
    const { code, errcode } = each as { code?: unknown; errcode?: unknown };
    if (NO_ROOM.includes(code) || errcode === SQLITE_FULL) return true;
    each = each.cause;
  }
  return false;
}
