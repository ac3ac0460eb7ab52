import type { AgentAuditEvent } from "@soma/schemas/events";
import type { Json } from "@soma/schemas/json";
import { SomaError } from "@soma/shared/errors";
import type { SignDecision } from "@soma/shared/identity/decision-token";
import { type Principal, requireRole } from "@soma/shared/identity/principal";
import { newId } from "@soma/shared/ids";
import { digest, toStorableText } from "@soma/shared/json";
import { emit } from "@soma/shared/outbox/emit";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { activeTraceId } from "@soma/shared/telemetry";
import type { PolicyEngine } from "../decision/engine.ts";
import { checkDecideParams, type DecideParams, parseArgs } from "../domain/decide-params.ts";
import { findNewestByKey } from "../store/find-newest-by-key.ts";
import { insertAuditEvent } from "../store/insert-audit-event.ts";
import { insertDecision } from "../store/insert-decision.ts";
import { lockKey } from "../store/lock-key.ts";
import type { DecisionRow } from "../store/tables.ts";
import { toAuditRow } from "../store/to-audit-row.ts";

export interface DecideDeps {
  /** A pool of the request role. */
  sql: Sql;
  engine: PolicyEngine;
  sign: SignDecision;
  /** Seconds a decision is good for at most. */
  ttlSeconds: number;
  now(): Date;
}

/**
 * Decides, stores the decision and its audit event in one transaction, and only then answers. Asked again under the same key
 * the same decision is given, its token signed anew for the time that is left; when that time is over a new decision is
 * made beside the old one, which stays as history. Another body under the key is refused.
 */
export async function decide(deps: DecideDeps, principal: Principal, params: DecideParams): Promise<DecisionRow> {
  const { tenant } = principal;
  checkDecideParams(params);
  requireRole(principal, params.role);
  const { args, argsDigest } = parseArgs(params.args);
  // The step is not part of the question: a step that decides and the one that calls ask about the same call.
  const idemDigest = digest([
    principal.subject,
    params.tool,
    params.toolVersion,
    params.risk,
    argsDigest,
    params.role,
    params.runId ?? null,
  ]);
  const row = await transaction(deps.sql, { tenant }, async (tx) => {
    await lockKey(tx, tenant, params.idempotencyKey);
    const known = await findNewestByKey(tx, tenant, params.idempotencyKey);
    if (known !== undefined && known.idemDigest !== idemDigest) {
      throw new SomaError(
        "IDEMPOTENCY_CONFLICT",
        `idempotency key "${params.idempotencyKey}" belongs to decision ${known.decisionId}, which is about another call; use a new key`,
      );
    }
    if (known !== undefined && known.expiresAt > deps.now()) return known;
    return make(tx, deps, principal, { ...params, args }, { argsDigest, idemDigest });
  });
  return row.allow ? { ...row, token: await signed(deps.sign, row) } : row;
}

async function make(
  tx: Tx,
  deps: DecideDeps,
  principal: Principal,
  params: DecideParams & { args: Json },
  digests: { argsDigest: string; idemDigest: string },
): Promise<DecisionRow> {
  const { tenant, subject } = principal;
  const createdAt = deps.now();
  const result = deps.engine.decide({
    actor: { id: subject, tenant, role: params.role },
    tool: { name: params.tool, version: params.toolVersion, risk: params.risk },
    args_digest: digests.argsDigest,
    args: params.args,
    run: params.runId === null || params.runId === undefined ? null : { id: params.runId, step: params.stepId ?? null },
    now: createdAt.toISOString(),
  });
  const lifetimeS = result.allow ? Math.min(result.ttlSeconds, deps.ttlSeconds) : deps.ttlSeconds;
  const row: DecisionRow = {
    tenant,
    decisionId: newId(createdAt.getTime()),
    allow: result.allow,
    reason: toStorableText(result.reason),
    obligations: result.obligations,
    tool: params.tool,
    toolVersion: params.toolVersion,
    risk: params.risk,
    actor: subject,
    role: params.role,
    policyVersion: deps.engine.version,
    runId: params.runId ?? null,
    stepId: params.stepId ?? null,
    idemKey: params.idempotencyKey,
    createdAt,
    expiresAt: new Date(createdAt.getTime() + lifetimeS * 1_000),
    ...digests,
  };
  await insertDecision(tx, row);
  const event = toEvent(row);
  await insertAuditEvent(tx, toAuditRow(tenant, event));
  await emit(tx, { type: "agent.audit.v1", tenant, key: tenant, data: event });
  return row;
}

function toEvent(row: DecisionRow): AgentAuditEvent {
  return {
    event_id: newId(row.createdAt.getTime()),
    category: "policy",
    actor: row.actor,
    subject: `tool:${row.tool}`,
    decision: row.allow ? "allow" : "deny",
    reason: row.reason,
    policy_version: row.policyVersion,
    timestamp: row.createdAt.toISOString(),
    tenant: row.tenant,
    trace_id: activeTraceId(),
    meta: {
      decision_id: row.decisionId,
      role: row.role,
      tool_version: row.toolVersion,
      risk: row.risk,
      args_digest: row.argsDigest,
      run_id: row.runId,
      step_id: row.stepId,
    },
  };
}

function signed(sign: SignDecision, row: DecisionRow): Promise<string> {
  const { tenant, actor, role, tool, toolVersion, risk, argsDigest, decisionId, runId, stepId } = row;
  return sign(
    {
      tenant,
      actor,
      role,
      tool,
      toolVersion,
      risk,
      argsDigest,
      decisionId,
      obligations: row.obligations as never,
      runId,
      stepId,
    },
    row.expiresAt,
  );
}
