import { canonicalJson, type Json } from "@soma/schemas/json";
import { MAX_INPUT_BYTES } from "@soma/schemas/verdict/evaluator";
import { sha256 } from "@soma/schemas/verdict/verifier";
import { SomaError } from "@soma/shared/errors";
import type { SignDecision } from "@soma/shared/identity/decision-token";
import { type Principal, requireRole } from "@soma/shared/identity/principal";
import { newId } from "@soma/shared/ids";
import { digest } from "@soma/shared/json";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { auditDecision } from "../audit/audit-decision.ts";
import type { PolicyEngine } from "../decision/policy-engine.ts";
import { checkDecideParams, type DecideParams, parseArgs } from "../domain/decide-params.ts";
import { toPolicyInput } from "../domain/policy-input.ts";
import { stands } from "../domain/stands.ts";
import { findNewestByKey } from "../store/find-newest-by-key.ts";
import { insertDecision } from "../store/insert-decision.ts";
import { lockKey } from "../store/lock-key.ts";
import type { DecisionRow } from "../store/tables.ts";
import type { KeepRevision } from "./revision-keeper.ts";

export interface DecideDeps {
  /** A pool of the request role. */
  sql: Sql;
  engine: PolicyEngine;
  keepRevision: KeepRevision;
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
    const { fault, revision } = deps.engine;
    const { version } = revision;
    if (known !== undefined && stands(known, { now: deps.now(), version, fault })) return known;
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
  const { engine } = deps;
  const createdAt = deps.now();
  const input = canonicalJson(toPolicyInput(principal, params, { argsDigest: digests.argsDigest, at: createdAt }));
  const { revision } = engine;
  const result = engine.decide(input);
  const lifetimeS = result.allow ? Math.min(result.ttl_s, deps.ttlSeconds) : deps.ttlSeconds;
  const row: DecisionRow = {
    tenant,
    decisionId: newId("Decision", createdAt.getTime()),
    allow: result.allow,
    reason: result.reason,
    obligations: result.obligations,
    tool: params.tool,
    toolVersion: params.toolVersion,
    risk: params.risk,
    actor: subject,
    role: params.role,
    policyVersion: revision.version,
    policyRevision: revision.policyRevision,
    dataRevision: revision.dataRevision,
    inputDigest: sha256(input),
    runId: params.runId ?? null,
    stepId: params.stepId ?? null,
    idemKey: params.idempotencyKey,
    createdAt,
    expiresAt: new Date(createdAt.getTime() + lifetimeS * 1_000),
    ...digests,
  };
  await deps.keepRevision(tx, revision);
  await insertDecision(tx, { row, input: Buffer.byteLength(input) > MAX_INPUT_BYTES ? null : input });
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
