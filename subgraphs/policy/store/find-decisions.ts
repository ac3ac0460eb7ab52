import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { asc, desc, getTableColumns, inArray, lte, sql } from "drizzle-orm";
import { type DecisionRow, decision } from "./tables.ts";

const MAX_PER_RUN = 500;

/** The decisions of these ids. */
export async function findDecisions(tx: Tx, ids: readonly string[]): Promise<DecisionRow[]> {
  return queryOn(tx)
    .select()
    .from(decision)
    .where(inArray(decision.decisionId, [...ids]));
}

/** Decisions of these runs, oldest first, at most 500 of each. */
export async function listDecisionsOfRuns(tx: Tx, runIds: readonly string[]): Promise<DecisionRow[]> {
  const place = sql<number>`row_number() over (partition by ${decision.runId} order by ${decision.decisionId})`.as(
    "place",
  );
  const ranked = queryOn(tx)
    .select({ ...getTableColumns(decision), place })
    .from(decision)
    .where(inArray(decision.runId, [...runIds]))
    .as("ranked");
  return queryOn(tx).select().from(ranked).where(lte(ranked.place, MAX_PER_RUN)).orderBy(asc(ranked.decisionId));
}

/** The newest decision of each of these steps. */
export async function findNewestOfSteps(tx: Tx, stepIds: readonly string[]): Promise<DecisionRow[]> {
  return queryOn(tx)
    .selectDistinctOn([decision.stepId])
    .from(decision)
    .where(inArray(decision.stepId, [...stepIds]))
    .orderBy(decision.stepId, desc(decision.decisionId));
}
