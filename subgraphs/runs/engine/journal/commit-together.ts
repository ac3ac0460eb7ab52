import { SomaError } from "@soma/shared/errors";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { type BatchRow, commitBatch, type Incarnation } from "../../store/commit-batch.ts";
import { explainRefusal } from "./explain-refusal.ts";

/** Milliseconds of one statement. Such a transaction holds back what is published, as long as it is open. */
const STATEMENT_MS = 2_000;

/** Nothing that a step before it left on the connection, such as a setting or a lock, is there for the next one. */
const asNew = (tenant: string): string =>
  `reset all; select pg_advisory_unlock_all(); set local soma.tenant = '${tenant.replaceAll("'", "''")}'; ` +
  `set local statement_timeout = ${STATEMENT_MS}`;

/**
 * Commits a row in one transaction with what `work` does before it gives the row. The fence is taken last, so that a
 * take-over never waits for work of others; a take-over that came first refuses the row, and the work with it. Gives the
 * run's control bits. FENCED also when the answer of the commit was lost: the run is let go then, and as that takes the same
 * fence, whoever goes on reads what became of it.
 */
export async function commitTogether(
  { sql, owner }: { sql: Sql; owner: Incarnation },
  tenant: string,
  work: (tx: Tx) => Promise<BatchRow>,
): Promise<number> {
  let isCommitting = false;
  try {
    return await transaction(sql, { tenant }, async (tx) => {
      await tx.unsafe(asNew(tenant));
      const row = await work(tx);
      const control = (await commitBatch(tx, { owner, rows: [row] })).get(row.event.runId);
      if (control === undefined) throw new SomaError("FENCED", `run ${row.event.runId} belongs to another worker now`);
      isCommitting = true;
      return control;
    });
  } catch (error) {
    // What the server itself refuses to commit, such as a constraint that is checked last, is known not to be committed.
    if (error instanceof Error && error.name === "PostgresError") throw explainRefusal(error);
    if (!isCommitting) throw error;
    throw new SomaError("FENCED", "whether a step was committed is not known, and its history will tell", {
      cause: error,
    });
  }
}
