import { type ApprovalPayload, payloadOf } from "@soma/schemas/run-history";
import { SomaError } from "@soma/shared/errors";
import { checkIdempotencyKey } from "@soma/shared/idempotency-key";
import { type Principal, requireRole } from "@soma/shared/identity/principal";
import { newId } from "@soma/shared/ids";
import { clip, toStorableText } from "@soma/shared/json";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { askedRaise } from "../domain/budget-raise.ts";
import { isFinished } from "../domain/run-status.ts";
import { toDecision } from "../domain/wait-answers.ts";
import { isBudgetName, parseApprovalId } from "../domain/wait-names.ts";
import { appendSignal } from "../store/append-signal.ts";
import { findDecision } from "../store/find-decision.ts";
import { listOpenQuestions } from "../store/list-open-questions.ts";
import { lockRun } from "../store/lock-run.ts";
import { raiseBudget } from "../store/raise-budget.ts";
import type { RunRow } from "../store/tables.ts";
import { getRun } from "./get-run.ts";

export interface DecideApprovalParams {
  /** Of one question: a step that asks another one later is not answered by a decision about the first. */
  approvalId: string;
  approve: boolean;
  comment?: string | null | undefined;
  idempotencyKey: string;
}

/**
 * Decides a question of a run, once for all: of two at the same time one has decided, and the other one is told who has
 * and what. Whoever decided may say the same again. The decision is durable when this returns, and who made it is who
 * asks.
 */
export async function decideApproval(sql: Sql, principal: Principal, params: DecideApprovalParams): Promise<RunRow> {
  checkIdempotencyKey(params.idempotencyKey);
  const { approvalId, approve } = params;
  const { tenant, subject, service } = principal;
  if (service !== null)
    throw new SomaError("FORBIDDEN", `${service} asks in the name of ${subject}, and a person decides by themselves`);
  const asked = parseApprovalId(approvalId);
  if (asked === undefined)
    throw new SomaError(
      "NOT_FOUND",
      `there is no question ${approvalId.slice(0, 80)}; Run.pendingApprovals has their ids`,
    );
  return transaction(sql, { tenant }, async (tx) => {
    const run = await getRun(tx, asked);
    const locked = await lockRun(tx, asked);
    if (await isDecided(tx, principal, { ...asked, approvalId, approve })) return run;
    if (locked === undefined || isFinished(locked.status))
      throw new SomaError("BAD_INPUT", `run ${asked.runId} has ended and asks nothing any more`);
    const { details } = await checkMayDecide(tx, principal, run, { ...asked, approvalId });
    const comment = params.comment ? clip(toStorableText(params.comment), 1_000) : null;
    const payload = { approved: approve, comment };
    await appendSignal(tx, { ...asked, tenant, payload, sentBy: subject, idemKey: newId(), idemDigest: "" });
    const raise = approve && isBudgetName(asked.name) ? askedRaise(details) : undefined;
    if (raise !== undefined)
      await raiseBudget(tx, {
        ...{ ...raise, tenant, raisedBy: subject },
        ...{ reason: comment ?? "a run asked for it", idemKey: `approval:${approvalId}` },
      });
    return getRun(tx, asked);
  });
}

type Asked = { runId: string; name: string; approvalId: string };

/** Whether this very decision was made before by the same person; throws when another one was. */
async function isDecided(tx: Tx, { subject }: Principal, asked: Asked & { approve: boolean }): Promise<boolean> {
  const known = await findDecision(tx, asked);
  if (known === undefined) return false;
  const { approved, decidedBy, comment } = toDecision(known);
  if (approved === asked.approve && decidedBy === subject) return true;
  const at = known.sentAt.toISOString();
  if (approved === null)
    throw new SomaError(
      "ALREADY_DECIDED",
      `nobody decided the question ${asked.approvalId} until ${at}, when its time was over`,
    );
  throw new SomaError(
    "ALREADY_DECIDED",
    `${decidedBy} ${approved ? "approved" : "refused"} the question ${asked.approvalId} at ${at}${comment === null ? "" : `: ${comment}`}`,
  );
}

/** The question; throws unless it is open and this is somebody it asks. */
async function checkMayDecide(tx: Tx, principal: Principal, run: RunRow, asked: Asked): Promise<ApprovalPayload> {
  const open = await listOpenQuestions(tx, { runIds: [run.runId] });
  const question = open
    .map(({ payload }) => payloadOf("APPROVAL_ASKED", payload))
    .find(({ name }) => name === asked.name);
  if (question === undefined)
    throw new SomaError(
      "NOT_FOUND",
      `there is no question ${asked.approvalId} that waits; Run.pendingApprovals has those that do`,
    );
  requireRole(principal, question.role);
  if (question.byAnother && run.startedBy === principal.subject)
    throw new SomaError(
      "FORBIDDEN",
      `${principal.subject} started run ${run.runId}, and its question ${asked.approvalId} is for another person to decide`,
    );
  return question;
}
