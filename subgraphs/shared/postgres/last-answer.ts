import type { Sql } from "./connect.ts";

/** When the database last did for somebody what was asked on a pool. */
const answeredAt = new WeakMap<Sql, number>();

export function noteAnswer(sql: Sql): void {
  answeredAt.set(sql, performance.now());
}

/** Whether somebody was answered on this pool since then: one that is taken by others is no database that is away. */
export function wasAnsweredSince(sql: Sql, at: number): boolean {
  return (answeredAt.get(sql) ?? Number.NEGATIVE_INFINITY) >= at;
}
