import type { Log } from "../log.ts";
import { type Loop, startLoop } from "../loop.ts";
import type { Sql } from "../postgres/connect.ts";
import { deleteHandled } from "./store/delete-handled.ts";

/** How long an event that was handled is known to have been, counted from the last time it came. */
const REMEMBERED_S = 7 * 24 * 60 * 60;
const BATCH = 1_000;
const INTERVAL_MS = 60_000;

/** One round: forgets a batch of what was handled long ago. True when more may be that old. */
export async function forgetHandled(sql: Sql): Promise<boolean> {
  return (await deleteHandled(sql, { olderThanS: REMEMBERED_S, limit: BATCH })) === BATCH;
}

/** Keeps the inbox of a schema as large as a week of its events; `sql` is a pool of the worker role. */
export function startInboxRetention({ sql, name, log }: { sql: Sql; name: string; log: Log }): Loop {
  return startLoop({ name: `${name}-inbox-retention`, intervalMs: INTERVAL_MS, log }, () => forgetHandled(sql));
}
