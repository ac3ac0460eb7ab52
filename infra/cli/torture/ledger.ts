import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { Booked } from "./judge.ts";

/** What the tools of the project wrote down: `payment` has a row for each effect, `asked` how often each order was called for. */
const EVERYTHING = `
  select "order", sum(calls) as calls, sum(payments) as payments from (
    select "order", times as calls, 0 as payments from asked union all select "order", 0, count(*) from payment group by "order"
  ) group by "order"`;
/** How long a reader waits for who writes. */
const WAIT_MS = 5_000;

/** The ledger of the tools, as a person reads it who is asked what has become of an order. */
export function readLedger(path: string): Map<string, Booked> {
  if (!existsSync(path)) return new Map();
  const db = new DatabaseSync(path, { timeout: WAIT_MS });
  try {
    const rows = db.prepare(EVERYTHING).all();
    return new Map(
      rows.map(({ order, payments, calls }) => [String(order), { payments: Number(payments), calls: Number(calls) }]),
    );
  } finally {
    db.close();
  }
}

/** Whether an order was paid. */
export function isPaid(path: string, order: string): boolean {
  if (!existsSync(path)) return false;
  const db = new DatabaseSync(path, { timeout: WAIT_MS });
  try {
    return db.prepare(`select no from payment where "order" = ? limit 1`).get(order) !== undefined;
  } finally {
    db.close();
  }
}
