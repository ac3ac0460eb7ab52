import type { Sql } from "../postgres/connect.ts";

/** A pool, and how many transactions it was asked for. */
export function countTransactions(sql: Sql): { sql: Sql; transactions: () => number } {
  let transactions = 0;
  const counting = new Proxy(sql, {
    get(target, name) {
      if (name === "reserve") transactions += 1;
      return Reflect.get(target, name) as unknown;
    },
  });
  return { sql: counting, transactions: () => transactions };
}
