import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { asc, inArray } from "drizzle-orm";
import { type DecisionRow, decision } from "./tables.ts";

const MAX_ROWS = 500;

/** The decisions of these ids. */
export async function findDecisions(tx: Tx, ids: readonly string[]): Promise<DecisionRow[]> {
  return queryOn(tx)
    .select()
    .from(decision)
    .where(inArray(decision.decisionId, [...ids]));
}

/** Decisions of one run, oldest first, at most 500. */
export async function listRunDecisions(tx: Tx, runId: string): Promise<DecisionRow[]> {
  return queryOn(tx)
    .select()
    .from(decision)
    .where(inArray(decision.runId, [runId]))
    .orderBy(asc(decision.decisionId))
    .limit(MAX_ROWS);
}

/** Decisions of these steps, oldest first. */
export async function findStepDecisions(tx: Tx, stepIds: readonly string[]): Promise<DecisionRow[]> {
  return queryOn(tx)
    .select()
    .from(decision)
    .where(inArray(decision.stepId, [...stepIds]))
    .orderBy(asc(decision.decisionId));
}
