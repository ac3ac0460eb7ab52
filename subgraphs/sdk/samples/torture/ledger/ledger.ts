import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** What the tools did, in a database that is none of the product's: it stands for the bank. */
export interface Ledger {
  /**
   * Commits a payment and says how often this was asked for of the order. A key is applied once, however often it comes; without
   * one each call pays.
   */
  pay(order: string, key: string | null): number;
  /** Whether an order was paid. */
  isPaid(order: string): boolean;
  /** Notes a question that changes nothing, and says how often it was asked of the order. */
  ask(order: string): number;
}

const TABLES = `
  pragma journal_mode = wal;
  pragma synchronous = normal;
  create table if not exists payment (no integer primary key, "order" text not null, key text unique);
  create table if not exists asked ("order" text primary key, times integer not null);`;
/** How long one writer waits for another, such as who reads the ledger meanwhile. */
const WAIT_MS = 5_000;

const opened = new Map<string, Ledger>();

/** The ledger in a folder, opened once in a process; whoever dies leaves what was committed. */
export function ledgerIn(dataDir: string): Ledger {
  const path = join(dataDir, "ledger.db");
  const known = opened.get(path) ?? openLedger(path);
  opened.set(path, known);
  return known;
}

function openLedger(path: string): Ledger {
  const db = new DatabaseSync(path, { timeout: WAIT_MS });
  db.exec(TABLES);
  const insert = db.prepare(`insert into payment ("order", key) values (?, ?) on conflict (key) do nothing`);
  const find = db.prepare(`select no from payment where "order" = ? limit 1`);
  const count = db.prepare(
    `insert into asked ("order", times) values (?, 1) on conflict ("order") do update set times = times + 1 returning times`,
  );
  const ask = (order: string): number => Number(count.get(order)?.times);
  return {
    ask,
    isPaid: (order) => find.get(order) !== undefined,
    pay(order, key) {
      db.exec("begin immediate");
      try {
        insert.run(order, key);
        const times = ask(order);
        db.exec("commit");
        return times;
      } catch (error) {
        db.exec("rollback");
        throw error;
      }
    },
  };
}
