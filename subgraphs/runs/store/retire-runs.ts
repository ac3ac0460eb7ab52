import type { Tx } from "@soma/shared/postgres/connect";

/** Where looking for runs that are of age goes on: after the one that ended then. */
export interface RetirePlace {
  /** As PostgreSQL writes it: an instant of JavaScript would lose its microseconds. */
  after: string;
  afterRun: string;
}

/**
 * Lets runs of the transaction's tenant go that ended before an instant, each with all that it has started; gives how many went,
 * and where the next call goes on, undefined when it has looked at all.
 */
export async function retireRuns(
  tx: Tx,
  { before, limit, place }: { before: Date; limit: number; place: RetirePlace | undefined },
): Promise<{ runs: number; place: RetirePlace | undefined }> {
  const { after = "-infinity", afterRun = "00000000-0000-0000-0000-000000000000" } = place ?? {};
  const [row] = await tx<{ runs: number; after: string | null; afterRun: string | null }[]>`
    select runs, p_after::text as after, p_after_run as "afterRun" from retire_runs(${before}, ${limit}, ${after}::text::timestamptz, ${afterRun})`;
  if (row === undefined) throw new Error("retire_runs gives one row");
  const next = row.after === null || row.afterRun === null ? undefined : { after: row.after, afterRun: row.afterRun };
  return { runs: row.runs, place: next };
}
