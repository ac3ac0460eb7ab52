import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { type BatchRow, commitBatch, type Incarnation } from "../../store/commit-batch.ts";
import { findCommitted } from "../../store/find-committed.ts";
import { commitTogether } from "./commit-together.ts";

/**
 * Where one life of a worker commits rows of histories. The simulation has another one, in memory; both pass
 * testing/simulation/store.contract.ts.
 */
export interface Commits {
  /** All that may be written, or nothing and it throws; gives the control bits of each run that is still its own. */
  commit(rows: readonly BatchRow[]): Promise<ReadonlyMap<string, number>>;
  /** Which of these rows are durable, after a commit whose answer was lost, with the control bits of their runs. */
  find(rows: readonly BatchRow[]): Promise<ReadonlyMap<BatchRow, number>>;
  /** Commits a row in one transaction with what is done before it, and gives the control bits of its run. */
  together(tenant: string, work: (tx: Tx) => Promise<BatchRow>): Promise<number>;
}

/** Those of the database: one pool for batches, and one that is lent to whoever has more to commit than a row. */
export function commitsOf(pools: { commits: Sql; projects: Sql }, owner: Incarnation): Commits {
  return {
    commit: (rows) => commitBatch(pools.commits, { owner, rows }),
    find: (rows) => findCommitted(pools.commits, { rows }),
    together: (tenant, work) => commitTogether({ sql: pools.projects, owner }, tenant, work),
  };
}
