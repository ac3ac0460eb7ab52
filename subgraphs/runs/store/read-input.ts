import type { Sql } from "@soma/shared/postgres/connect";
import { referredBy } from "../domain/big-values.ts";
import type { ClaimedRun } from "./claim-runs.ts";
import { withWhole } from "./find-values.ts";

/** A claimed run with its input as it was given; one whose input is small asks nothing. */
export async function readInput(sql: Sql, run: ClaimedRun): Promise<ClaimedRun> {
  if (referredBy(run.input).length === 0) return run;
  const rows = [{ ...run, bigOf: run.tenant }];
  const [whole = run] = await withWhole(sql, { rows, field: "input", nameOf: () => `the input of run ${run.runId}` });
  return whole;
}
