import { CHAIN_START } from "@soma/schemas/run-chain";
import { SomaError } from "@soma/shared/errors";
import { checkIdempotencyKey } from "@soma/shared/idempotency-key";
import { type Principal, requireRole } from "@soma/shared/identity/principal";
import { newId } from "@soma/shared/ids";
import { digest, toStorableJson } from "@soma/shared/json";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { traceHeaders } from "@soma/shared/telemetry";
import type { HistoryEvent } from "../domain/history.ts";
import { runEvent } from "../domain/run-event.ts";
import { parseRunInput, parseSessionId } from "../domain/run-input.ts";
import type { GraphRegistry } from "../engine/graphs/graph-registry.ts";
import { appendFirstEvent } from "../store/append-first-event.ts";
import { findRunByKey } from "../store/find-run-by-key.ts";
import { findSessions } from "../store/find-sessions.ts";
import { insertRun } from "../store/insert-run.ts";
import { insertSession } from "../store/insert-session.ts";
import type { RunRow } from "../store/tables.ts";

export interface StartRunParams {
  graph: string;
  input: unknown;
  role?: string | null | undefined;
  modelProfile?: string | null | undefined;
  sessionId?: string | null | undefined;
  idempotencyKey: string;
}

export interface StartRunDeps {
  /** A pool of the request role. */
  sql: Sql;
  graphs: GraphRegistry;
  defaultRole: string;
  defaultModelProfile: string;
  modelProfiles: readonly string[];
  now(): Date;
}

/**
 * Starts a run, and its session when none is given; run, session and first event become durable together. The same key with
 * the same body gives the same run, with another body IDEMPOTENCY_CONFLICT.
 */
export async function startRun(deps: StartRunDeps, principal: Principal, params: StartRunParams): Promise<RunRow> {
  const { tenant } = principal;
  checkIdempotencyKey(params.idempotencyKey);
  const graph = deps.graphs.find(params.graph);
  if (graph === undefined)
    throw new SomaError("BAD_INPUT", `there is no graph "${params.graph}"; known: ${deps.graphs.names().join(", ")}`);
  const input = parseRunInput(toStorableJson(params.input), graph);
  const wantedSession = parseSessionId(params.sessionId);
  const role =
    params.role ??
    (principal.roles.includes(deps.defaultRole) ? deps.defaultRole : principal.roles[0]) ??
    deps.defaultRole;
  requireRole(principal, role);
  const modelProfile = params.modelProfile ?? deps.defaultModelProfile;
  if (!deps.modelProfiles.includes(modelProfile))
    throw new SomaError(
      "BAD_INPUT",
      `there is no model profile "${modelProfile}"; known: ${deps.modelProfiles.join(", ")}`,
    );
  const idemDigest = digest([
    params.graph,
    input,
    params.role ?? null,
    params.modelProfile ?? null,
    wantedSession ?? null,
  ]);

  return transaction(deps.sql, { tenant }, async (tx) => {
    const known = await findRunByKey(tx, { tenant, idemKey: params.idempotencyKey });
    if (known !== undefined) return sameRun(known, idemDigest, params.idempotencyKey);
    const sessionId = wantedSession ?? newId("Session");
    await ensureSession(tx, { tenant, sessionId, isNew: wantedSession === undefined, createdBy: principal.subject });
    const createdAt = deps.now();
    const runId = newId("Run", createdAt.getTime());
    const inserted = await insertRun(tx, {
      runId,
      tenant,
      sessionId,
      graph: graph.name,
      graphVersion: graph.version,
      graphHash: graph.hash,
      role,
      modelProfile,
      input,
      startedBy: principal.subject,
      deadline: new Date(createdAt.getTime() + graph.timeoutMs),
      idemKey: params.idempotencyKey,
      idemDigest,
      traceParent: traceHeaders().traceparent ?? "",
      createdAt,
    });
    if (inserted)
      await appendFirstEvent(tx, {
        tenant,
        event: firstEvent({ runId, createdAt, graph: graph.name, input, role, modelProfile, sessionId }),
      });
    const row = await findRunByKey(tx, { tenant, idemKey: params.idempotencyKey });
    if (row === undefined) throw new SomaError("INTERNAL", `run ${runId} was written and cannot be read`);
    return inserted ? row : sameRun(row, idemDigest, params.idempotencyKey);
  });
}

/** The run that was started under a key, when it was with the same body. */
export function sameRun(run: RunRow, idemDigest: string, key: string): RunRow {
  if (run.idemDigest === idemDigest) return run;
  throw new SomaError(
    "IDEMPOTENCY_CONFLICT",
    `idempotency key "${key}" belongs to run ${run.runId}, which was started with another body; use a new key`,
  );
}

async function ensureSession(
  tx: Tx,
  params: { tenant: string; sessionId: string; isNew: boolean; createdBy: string },
): Promise<void> {
  if (params.isNew) return insertSession(tx, params);
  const [known] = await findSessions(tx, { sessionIds: [params.sessionId] });
  if (known === undefined)
    throw new SomaError("NOT_FOUND", `session ${params.sessionId} does not exist; leave sessionId out to begin one`);
}

function firstEvent(params: {
  runId: string;
  createdAt: Date;
  graph: string;
  input: HistoryEvent["payload"][string];
  role: string;
  modelProfile: string;
  sessionId: string;
}): HistoryEvent {
  const { runId, createdAt, ...payload } = params;
  return runEvent({ seq: 0, hash: CHAIN_START }, { runId, at: createdAt, kind: "RUN_STARTED", payload });
}
