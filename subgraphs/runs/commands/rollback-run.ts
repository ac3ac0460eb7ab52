import { payloadOf } from "@soma/schemas/run-history";
import { SomaError } from "@soma/shared/errors";
import { checkIdempotencyKey } from "@soma/shared/idempotency-key";
import { type Principal, requireRole } from "@soma/shared/identity/principal";
import { digest } from "@soma/shared/json";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { checkPublished } from "../domain/check-published.ts";
import { checkCheckpoint } from "../domain/checkpoints.ts";
import { checkKept, checkNotErased } from "../domain/custody.ts";
import type { HistoryEvent } from "../domain/history.ts";
import { type EffectChoice, keptField, planReturn, type RunEffect } from "../domain/on-return.ts";
import { nextStepAfter } from "../domain/rollback.ts";
import { runEvent } from "../domain/run-event.ts";
import { isFinished } from "../domain/run-status.ts";
import type { GraphRegistry } from "../engine/graphs/graph-registry.ts";
import { appendRollback } from "../store/append-rollback.ts";
import { lockRollbacks } from "../store/lock-rollbacks.ts";
import { readHeads } from "../store/read-heads.ts";
import { readRecord } from "../store/read-record.ts";
import { seizeRun } from "../store/seize-run.ts";
import type { RunRow } from "../store/tables.ts";
import type { Admission } from "./admission.ts";
import { getPinnedGraph } from "./get-pinned-graph.ts";
import { getRun } from "./get-run.ts";

/** A run that changes hands while it is taken is looked at again this often. */
const TRIES = 5;

export interface RollbackRunParams {
  runId: string;
  /** Event to go on from: the start of the run, or the end of a step; also one that an earlier rollback took back. */
  toSeq: number;
  /** What becomes of effects that are not to be done anew when the run comes to the same places again. */
  onReturn?: readonly EffectChoice[] | null | undefined;
  /** Changes nothing, and tells what a rollback would. */
  dryRun?: boolean | null | undefined;
  idempotencyKey: string;
}

export interface RollbackRunDeps {
  /** A pool of the request role. */
  sql: Sql;
  admission: Admission;
  graphs: GraphRegistry;
  now(): Date;
}

export interface RolledBack {
  run: RunRow;
  /** Steps after the point that had reached outside, or may have: nothing of that is undone. */
  effects: RunEffect[];
}

/**
 * Lets a run go on from an earlier event of its history, finished or not: it is taken from its owner, whose writes are refused
 * from then on, and what stands after that event counts no more. The same key with the same event changes nothing.
 */
export async function rollbackRun(
  deps: RollbackRunDeps,
  principal: Principal,
  params: RollbackRunParams,
): Promise<RolledBack> {
  checkIdempotencyKey(params.idempotencyKey);
  const { tenant } = principal;
  const done = await tryToRollBack(deps, principal, params);
  if (done !== "ENDED") return done;
  // One that has ended is among those its tenant has under way again.
  return deps.admission.admit({ tenant }, async () => {
    const revived = await tryToRollBack(deps, principal, { ...params, mayRevive: true });
    if (revived === "ENDED") throw new SomaError("INTERNAL", `run ${params.runId} was not taken back`);
    return revived;
  });
}

type Attempt = RollbackRunParams & { mayRevive?: boolean };

/** ENDED, with nothing changed, when the run has and may not be revived. */
async function tryToRollBack(
  deps: RollbackRunDeps,
  principal: Principal,
  attempt: Attempt,
): Promise<RolledBack | "ENDED"> {
  const { tenant } = principal;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const done = await transaction(deps.sql, { tenant }, (tx) => rollBack(tx, deps, principal, attempt));
    if (done !== "CHANGED_HANDS") return done;
  }
  throw new SomaError(
    "UNAVAILABLE",
    `run ${attempt.runId} changed hands ${TRIES} times while it was taken back; try again`,
  );
}

async function rollBack(
  tx: Tx,
  { graphs, now }: RollbackRunDeps,
  principal: Principal,
  params: Attempt,
): Promise<RolledBack | "ENDED" | "CHANGED_HANDS"> {
  const { runId, toSeq, dryRun, mayRevive = false } = params;
  const chosen = params.onReturn ?? [];
  const run = await getRun(tx, { runId });
  requireRole(principal, run.role);
  checkNotErased([run]);
  const request = digest(params.idempotencyKey);
  if (dryRun !== true) await lockRollbacks(tx, { runId });
  const events = await readRecord(tx, { runId });
  const done = events.find((event) => isOf(event, runId, request));
  if (done !== undefined) return { run: await getRun(tx, { runId }), effects: effectsBefore(events, done, params) };
  checkKept(events);
  checkCheckpoint(runId, events, toSeq);
  checkOwn(run, toSeq);
  const { effects: planned } = planReturn(events, toSeq, chosen);
  if (dryRun === true) return { run, effects: planned };
  if (isFinished(run.status) && !mayRevive) return "ENDED";
  const at = now();
  const deadline = new Date(at.getTime() + getPinnedGraph(graphs, run).timeoutMs);
  if (!(await seizeRun(tx, { runId, deadline }))) return "CHANGED_HANDS";
  // What its owner wrote until it was taken; nobody writes now.
  const newer = await readRecord(tx, { runId, afterSeq: events.at(-1)?.seq ?? 0 });
  const all = [...events, ...newer];
  // It may have gone on with another version of its graph meanwhile.
  checkCheckpoint(runId, all, toSeq);
  const head = (await readHeads(tx, { runIds: [runId] })).get(runId);
  if (head === undefined) throw new SomaError("INTERNAL", `run ${runId} has no history`);
  const plan = planReturn(all, toSeq, chosen);
  const payload = { toSeq, nextStep: nextStepAfter(all), by: principal.subject, request, ...keptField(plan) };
  const event = runEvent(head, { runId, at, kind: "RUN_ROLLED_BACK", payload });
  checkPublished(run, event);
  await appendRollback(tx, { event });
  return { run: await getRun(tx, { runId }), effects: plan.effects };
}

function isOf({ kind, runId: writer, payload }: HistoryEvent, runId: string, request: string): boolean {
  return kind === "RUN_ROLLED_BACK" && writer === runId && payloadOf(kind, payload).request === request;
}

/** What its origin wrote is that run's: its input was another one there. */
function checkOwn({ runId, forkedFromRunId: from, forkedFromSeq }: RunRow, toSeq: number): void {
  if (from === null || forkedFromSeq === null || toSeq > forkedFromSeq) return;
  throw new SomaError(
    "BAD_INPUT",
    `event ${toSeq} is one of run ${from}, from which run ${runId} was forked; go back to its event ${forkedFromSeq + 1}, or fork run ${from} at event ${toSeq}`,
  );
}

/** What a rollback that was done already had told. */
function effectsBefore(events: readonly HistoryEvent[], done: HistoryEvent, params: RollbackRunParams): RunEffect[] {
  const { toSeq, kept = [] } = payloadOf("RUN_ROLLED_BACK", done.payload);
  const before = events.filter(({ seq }) => seq < done.seq);
  const isOther = (what: string): SomaError =>
    new SomaError(
      "IDEMPOTENCY_CONFLICT",
      `idempotency key "${params.idempotencyKey}" belongs to a rollback of run ${params.runId} ${what}; use a new key`,
    );
  if (toSeq !== params.toSeq) throw isOther(`to event ${toSeq}`);
  const plan = planReturn(before, toSeq, params.onReturn ?? []);
  if (digest(plan.kept) !== digest(kept)) throw isOther("that keeps other effects");
  return plan.effects;
}
