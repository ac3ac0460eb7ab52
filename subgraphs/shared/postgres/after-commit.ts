import type { Sql, Tx } from "./connect.ts";

/** Told of the pool that the transaction ran on. */
type AfterCommit = (sql: Sql) => void;

const waiting = new WeakMap<Tx, Set<AfterCommit>>();

/** Does something once the transaction has committed, once however often it is asked for; nothing when it was taken back. */
export function afterCommit(tx: Tx, work: AfterCommit): void {
  waiting.set(tx, (waiting.get(tx) ?? new Set()).add(work));
}

/** For `transaction()`, which alone knows when that is. */
export function tellCommitted(tx: Tx, sql: Sql): void {
  for (const work of waiting.get(tx) ?? []) work(sql);
}
