import type { Json } from "@soma/schemas/json";
import { SomaError } from "@soma/shared/errors";
import type { SignDecision } from "@soma/shared/identity/decision-token";
import { type Principal, requireRole } from "@soma/shared/identity/principal";
import { newId } from "@soma/shared/ids";
import { digest, toStorableText } from "@soma/shared/json";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { auditDecision } from "../audit/audit-decision.ts";
import type { PolicyEngine } from "../decision/policy-engine.ts";
import { checkDecideParams, type DecideParams, parseArgs } from "../domain/decide-params.ts";
import { findNewestByKey } from "../store/find-newest-by-key.ts";
import { insertDecision } from "../store/insert-decision.ts";
import { lockKey } from "../store/lock-key.ts";
import type { DecisionRow } from "../store/tables.ts";

export interface DecideDeps {
  /** A pool of the request role. */
  sql: Sql;
  engine: PolicyEngine;
  sign: SignDecision;
  /** Seconds a decision is good for at most. */
  ttlSeconds: number;
  now(): Date;
}

interface Decided {
  decision: DecisionRow;
  /** Proof of the decision, never stored; null when the call is denied. */
  token: string | null;
}

/**
 * Decides, stores the decision and its audit event in one transaction, and only then answers. Asked again under the
 * same key the same decision is given, its token signed anew for the time that is left; when that time is over a new
 * decision is made beside the old one, which stays as history. Another body under the key is refused. The token allows the
 * call under this key alone.
 */
export async function decide(deps: DecideDeps, principal: Principal, params: DecideParams): Promise<Decided> {
  const { tenant } = principal;
  const { idempotencyKey: idemKey } = params;
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
  const decision = await transaction(deps.sql, { tenant }, async (tx) => {
    await lockKey(tx, { tenant, idemKey });
    const known = await findNewestByKey(tx, { tenant, idemKey });
    if (known !== undefined && known.idemDigest !== idemDigest) {
      throw new SomaError(
        "IDEMPOTENCY_CONFLICT",
        `idempotency key "${idemKey}" belongs to decision ${known.decisionId}, which is about another call; use a new key`,
      );
    }
    if (known !== undefined && known.expiresAt > deps.now()) return known;
    return make(tx, deps, principal, { ...params, args }, { argsDigest, idemDigest });
  });
  return { decision, token: decision.allow ? await signed(deps.sign, decision) : null };
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
  const lifetimeS = result.allow ? Math.min(result.ttl_s, deps.ttlSeconds) : deps.ttlSeconds;
  const row: DecisionRow = {
    tenant,
    decisionId: newId("Decision", createdAt.getTime()),
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
  await auditDecision(tx, row);
  return row;
}

function signed(sign: SignDecision, row: DecisionRow): Promise<string> {
  const { tenant, actor, role, tool, toolVersion, risk, argsDigest, decisionId, runId, stepId } = row;
  return sign(
    {
      idempotencyKey: row.idemKey,
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
