import type { Sql, Tx } from "../postgres/connect.ts";
import { transaction } from "../postgres/transaction.ts";

/** What Postgres had to read for an answer, in the tables of the schema and their indexes. */
export interface Reads {
  /** Rows and index entries. */
  rows: number;
  pages: number;
  /** Scans of whole tables. */
  scans: number;
}

/** A statement that was prepared gets a plan for all of its values from its sixth time on. */
const TIMES = 7;

interface ReadsOptions {
  tenant?: string;
  /** Once, for what changes what it reads: the old versions of rows are read again until the transaction has ended. */
  times?: number;
}

/**
 * What a store verb reads, at the dearest of several times: also what it reads and throws away, and what is read inside a
 * function. With a tenant it runs as a request. It runs in one transaction, so it must not depend on being first.
 */
export function readsOf(sql: Sql, options: ReadsOptions, verb: (tx: Tx) => Promise<unknown>): Promise<Reads> {
  const { times = TIMES, ...rest } = options;
  return transaction(sql, rest, async (tx) => {
    const worst: Reads = { rows: 0, pages: 0, scans: 0 };
    let before = await count(tx);
    for (let i = 0; i < times; i += 1) {
      await verb(tx);
      const after = await count(tx);
      for (const name of ["rows", "pages", "scans"] as const)
        worst[name] = Math.max(worst[name], after[name] - before[name]);
      before = after;
    }
    return worst;
  });
}

async function count(tx: Tx): Promise<Reads> {
  const [row] = await tx<Reads[]>`
    select coalesce(sum(pg_stat_get_xact_tuples_returned(c.oid)), 0)::int as rows,
      coalesce(sum(pg_stat_get_xact_blocks_fetched(c.oid)), 0)::int as pages,
      coalesce(sum(pg_stat_get_xact_numscans(c.oid)) filter (where c.relkind = 'r'), 0)::int as scans
    from pg_class c where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'i')`;
  return row ?? { rows: 0, pages: 0, scans: 0 };
}
