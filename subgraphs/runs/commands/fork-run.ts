import type { AnyGraph } from "@soma/sdk/graph";
import { SomaError } from "@soma/shared/errors";
import { checkIdempotencyKey } from "@soma/shared/idempotency-key";
import type { Principal } from "@soma/shared/identity/principal";
import { newId } from "@soma/shared/ids";
import { digest, toStorableJson } from "@soma/shared/json";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { activeOrigin } from "@soma/shared/telemetry";
import { checkPublished } from "../domain/check-published.ts";
import type { HistoryEvent } from "../domain/history.ts";
import { type EffectChoice, keptField, planReturn } from "../domain/on-return.ts";
import { heardSignals, nextStepAfter } from "../domain/rollback.ts";
import { runEvent } from "../domain/run-event.ts";
import type { GraphRegistry } from "../engine/graphs/graph-registry.ts";
import { appendFirstEvent } from "../store/append-first-event.ts";
import { findRunByKey } from "../store/find-run-by-key.ts";
import { insertFork } from "../store/insert-fork.ts";
import { insertSession } from "../store/insert-session.ts";
import type { RunRow } from "../store/tables.ts";
import type { Admission } from "./admission.ts";
import { prepareFork } from "./plan-fork.ts";
import { sameRun } from "./start-run.ts";

export interface ForkRunParams {
  runId: string;
  /** Event to go on from: the start of the run, or the end of a step. */
  atSeq: number;
  /** Merge patch on the input. */
  input?: unknown;
  /** What becomes of effects that are not to be done anew when the fork comes to the same places. */
  onReturn?: readonly EffectChoice[] | null | undefined;
  idempotencyKey: string;
}

export interface ForkRunDeps {
  /** A pool of the request role. */
  sql: Sql;
  admission: Admission;
  graphs: GraphRegistry;
  now(): Date;
}

/**
 * Begins a run that goes on from an event of another one, which may still be running and does not notice. Its history is the
 * other's up to there, read where it stands, and its own from there on, in one chain. It has a session of its own, since runs of
 * one session wait for each other; that one goes on from before the other run, whose earlier turns it reads.
 */
export async function forkRun(deps: ForkRunDeps, principal: Principal, params: ForkRunParams): Promise<RunRow> {
  checkIdempotencyKey(params.idempotencyKey);
  const { tenant } = principal;
  const { runId, atSeq, idempotencyKey: idemKey } = params;
  const patch = params.input === undefined || params.input === null ? {} : toStorableJson(params.input);
  const chosen = params.onReturn ?? [];
  const idemDigest = digest(["fork", runId, atSeq, patch, ...(chosen.length === 0 ? [] : [toStorableJson(chosen)])]);
  const fork = () =>
    transaction(deps.sql, { tenant }, async (tx) => {
      const known = await findRunByKey(tx, { tenant, idemKey });
      if (known !== undefined) return sameRun(known, idemDigest, idemKey);
      const { parent, graph, events, input } = await prepareFork(tx, deps, principal, { runId, atSeq, patch });
      const origin = events.filter(({ seq }) => seq <= atSeq);
      const kept = keptField(planReturn(events, atSeq, chosen));
      const asked = { startedBy: principal.subject, idemKey, idemDigest };
      const forkId = await makeFork(tx, { parent, graph, input, origin, kept, at: deps.now(), ...asked });
      const row = await findRunByKey(tx, { tenant, idemKey });
      if (row === undefined) throw new SomaError("INTERNAL", `run ${forkId} was written and cannot be read`);
      return sameRun(row, idemDigest, idemKey);
    });
  return deps.admission.admit({ tenant, idemKey }, fork);
}

interface Fork {
  parent: RunRow;
  graph: AnyGraph;
  input: HistoryEvent["payload"];
  origin: readonly HistoryEvent[];
  kept: ReturnType<typeof keptField>;
  at: Date;
  startedBy: string;
  idemKey: string;
  idemDigest: string;
}

async function makeFork(tx: Tx, { parent, graph: pinned, input, origin, kept, at, ...asked }: Fork): Promise<string> {
  const from = origin.at(-1);
  if (from === undefined) throw new Error("a fork goes on from an event");
  const { tenant, graph, graphVersion, graphHash, role, modelProfile } = parent;
  const [runId, sessionId] = [newId("Run", at.getTime()), newId("Session")];
  await insertSession(tx, { tenant, sessionId, createdBy: asked.startedBy, forkedFromRunId: from.runId });
  const run = { runId, tenant, sessionId, graph, graphVersion, graphHash, role, modelProfile, createdAt: at };
  const origins = activeOrigin();
  const inserted = await insertFork(tx, {
    ...{ ...run, input, ...asked, ...origins },
    deadline: new Date(at.getTime() + pinned.timeoutMs),
    // Numbers that its history tells of as heard are given to no signal of its own.
    fork: { fromRunId: from.runId, fromSeq: from.seq, signals: Math.max(0, ...heardSignals(origin)) },
  });
  const payload = {
    ...{ fromRunId: from.runId, fromSeq: from.seq, fromHash: from.hash },
    ...{ graph, input, role, modelProfile, sessionId, nextStep: nextStepAfter(origin), ...kept },
  };
  const event = runEvent(from, { runId, at, kind: "RUN_FORKED", payload });
  checkPublished({ ...run, ...origins, startedAt: null, parentRunId: null }, event);
  if (inserted) await appendFirstEvent(tx, { tenant, event });
  return runId;
}
