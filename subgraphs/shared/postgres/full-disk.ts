import type { Sql } from "./connect.ts";

/** How long a write that found no room speaks for the next ones: the loops of a process write more often. */
const REMEMBERED_MS = 3_000;
const FULL = "53100";
const CAUSES = 3;

/** When a database last had no room for a write, by its address: pools of a process share what one of them found out. */
const lastFull = new Map<string, number>();

/** Remembers an error that says that the disk is full: reading works there, so that only a write can tell. */
export function noteFullDisk(sql: Sql, error: unknown): void {
  let each = error;
  for (let depth = 0; depth <= CAUSES && each instanceof Error; depth += 1) {
    if ((each as { code?: unknown }).code === FULL) lastFull.set(addressOf(sql), performance.now());
    each = each.cause;
  }
}

export function isKnownFull(sql: Sql): boolean {
  const at = lastFull.get(addressOf(sql));
  return at !== undefined && performance.now() - at < REMEMBERED_MS;
}

function addressOf({ options }: Sql): string {
  return `${options.host.join()}:${options.port.join()}/${options.database}`;
}
