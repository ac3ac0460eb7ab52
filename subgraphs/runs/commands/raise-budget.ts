import type { BudgetsConf } from "@soma/conf/budgets";
import { payloadOf } from "@soma/schemas/run-history";
import { SomaError } from "@soma/shared/errors";
import { checkIdempotencyKey } from "@soma/shared/idempotency-key";
import { type Principal, requireRole } from "@soma/shared/identity/principal";
import { newId } from "@soma/shared/ids";
import { checkStorable } from "@soma/shared/json";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { askedRaise, type BudgetRaise, isSameBudget, parseAmount } from "../domain/budget-raise.ts";
import type { BudgetScope, Measure } from "../domain/spending.ts";
import { isBudgetName } from "../domain/wait-names.ts";
import { appendSignal } from "../store/append-signal.ts";
import { findDecision } from "../store/find-decision.ts";
import { listAskingRuns } from "../store/list-asking-runs.ts";
import { listOpenQuestions } from "../store/list-open-questions.ts";
import { lockRun } from "../store/lock-run.ts";
import { raiseBudget as raise } from "../store/raise-budget.ts";
import { getRun } from "./get-run.ts";

/** Runs that one raise lets go on; others ask again, and are let go on by another one. */
const MAX_RUNS = 1_000;
const MAX_NAME = 80;
const MAX_REASON = 1_000;

export interface RaiseBudgetParams {
  scope: BudgetScope;
  /** Of the role or the agent, the id of a run; none of a tenant. */
  name?: string | null | undefined;
  daily: boolean;
  measure: Measure;
  /** As it was written. */
  by: string;
  reason: string;
  idempotencyKey: string;
}

/**
 * Raises a budget, and lets the runs go on that wait for it. Asking twice raises once, and lets nobody go on who asked
 * since; what was raised is told in the books with who did and why. Gives how many runs go on.
 */
export async function raiseBudget(
  { sql, budgets }: { sql: Sql; budgets: BudgetsConf },
  principal: Principal,
  params: RaiseBudgetParams,
): Promise<number> {
  const { tenant, subject, service } = principal;
  if (service !== null)
    throw new SomaError("FORBIDDEN", `${service} asks in the name of ${subject}, and a person does this by themselves`);
  requireRole(principal, budgets.raisedBy);
  checkIdempotencyKey(params.idempotencyKey);
  const reason = params.reason.trim();
  checkStorable("reason", reason);
  if (reason === "" || reason.length > MAX_REASON)
    throw new SomaError("BAD_INPUT", `the reason has ${reason.length} characters; it needs 1 to ${MAX_REASON}`);
  const amount = parseAmount(params.measure, params.by);
  const { idempotencyKey: idemKey } = params;
  const raised = await transaction(sql, { tenant }, async (tx) => {
    const wanted: BudgetRaise = { ...params, name: await nameOf(tx, params), raise: amount };
    const done = await raise(tx, { ...wanted, tenant, reason, raisedBy: subject, idemKey });
    if (done === undefined)
      throw new SomaError("IDEMPOTENCY_CONFLICT", `the idempotency key ${idemKey} raised something else before`);
    return { ...wanted, askedBefore: done.isNew ? undefined : done.at };
  });
  return letGoOn(sql, principal, raised);
}

/** Whose budget it is; of a run, the first one of its tree. */
async function nameOf(tx: Parameters<typeof getRun>[0], { scope, name, daily }: RaiseBudgetParams): Promise<string> {
  const given = name ?? "";
  checkStorable("name", given);
  if ((scope === "tenant") !== (given === "") || given.length > MAX_NAME)
    throw new SomaError(
      "BAD_INPUT",
      `the name "${given.slice(0, MAX_NAME)}" is not that of a ${scope}; a tenant has none`,
    );
  if (scope !== "run") return given;
  if (daily) throw new SomaError("BAD_INPUT", "the budget of a run is of all days; raise its total");
  const { runId, rootRunId } = await getRun(tx, { runId: given });
  return rootRunId ?? runId;
}

/** Answers what runs ask of this budget; each in a transaction of its own, in which nothing else is locked. */
async function letGoOn(
  sql: Sql,
  { tenant, subject }: Principal,
  { askedBefore, ...raised }: BudgetRaise & { askedBefore: Date | undefined },
): Promise<number> {
  const questions = await transaction(sql, { tenant }, async (tx) => {
    const runIds = await listAskingRuns(tx, { tenant, limit: MAX_RUNS });
    return (await listOpenQuestions(tx, { runIds })).flatMap(({ runId, payload, askedAt }) => {
      if (askedBefore !== undefined && askedAt > askedBefore) return [];
      const { name, details } = payloadOf("APPROVAL_ASKED", payload);
      const about = isBudgetName(name) ? askedRaise(details) : undefined;
      return about !== undefined && isSameBudget(about, raised) ? [{ runId, name }] : [];
    });
  });
  let runs = 0;
  for (const { runId, name } of questions)
    runs += await transaction(sql, { tenant }, async (tx) => {
      await lockRun(tx, { runId });
      if ((await findDecision(tx, { runId, name })) !== undefined) return 0;
      const payload = { approved: true, comment: "the budget was raised" };
      await appendSignal(tx, { runId, tenant, name, payload, sentBy: subject, idemKey: newId(), idemDigest: "" });
      return 1;
    });
  return runs;
}
