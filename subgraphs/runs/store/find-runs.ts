import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { inArray } from "drizzle-orm";
import { type RunRow, run } from "./tables.ts";

/** The runs of these ids that the transaction's tenant has. */
export async function findRuns(tx: Tx, { runIds }: { runIds: readonly string[] }): Promise<RunRow[]> {
  return queryOn(tx)
    .select()
    .from(run)
    .where(inArray(run.runId, [...runIds]));
}
