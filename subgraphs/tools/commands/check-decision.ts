import { SomaError } from "@soma/shared/errors";
import { type DecisionClaims, expiredClaimsOf, type VerifyDecision } from "@soma/shared/identity/decision-token";
import { newId } from "@soma/shared/ids";
import { clip } from "@soma/shared/json";
import { emit } from "@soma/shared/outbox/emit";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { activeTraceId } from "@soma/shared/telemetry";
import { findDifferences } from "../domain/bind-decision.ts";
import { findUnmet } from "../domain/obligations.ts";
import type { Call } from "./to-call.ts";

export interface CheckDecisionDeps {
  /** Pool of the request role. */
  sql: Sql;
  verifyDecision: VerifyDecision;
}

/** A decision about a call; `use` throws DECISION_EXPIRED when it may no longer start anything. */
export interface CheckedDecision {
  use(): DecisionClaims;
}

/**
 * The decision that allows this very call; here a tool is denied. Throws DECISION_INVALID for a token that is forged, about
 * something else, or bound to an obligation that cannot be met, and leaves an audit event. One that has expired may still
 * be shown for what it started.
 */
export async function checkDecision(deps: CheckDecisionDeps, call: Call, token: string): Promise<CheckedDecision> {
  const { claims, expired } = await read(deps, call, token);
  const reason = whyNot(claims, call);
  if (reason !== undefined) {
    await audit(deps.sql, call, reason, claims.decisionId);
    throw new SomaError("DECISION_INVALID", `${call.tool.name} was not called: ${reason}`);
  }
  return {
    use() {
      if (expired !== undefined) throw expired;
      return claims;
    },
  };
}

function whyNot(claims: DecisionClaims, { binding, tool }: Call): string | undefined {
  const differences = findDifferences(claims, binding);
  if (differences.length > 0) {
    return `the decision is about another call (${differences.join(", ")} ${differences.length === 1 ? "differs" : "differ"}); ask for one about this call`;
  }
  // The one who asks for a decision names the risk; here is where it is known.
  if (claims.risk !== tool.risk)
    return `the decision was made for risk ${claims.risk}, and ${tool.name} is of risk ${tool.risk}`;
  const unmet = findUnmet(claims.obligations, tool);
  return unmet.length === 0
    ? undefined
    : `the decision obliges to ${unmet.join(", ")}, which cannot be met here for this tool`;
}

async function read(
  { sql, verifyDecision }: CheckDecisionDeps,
  call: Call,
  token: string,
): Promise<{ claims: DecisionClaims; expired?: unknown }> {
  try {
    return { claims: await verifyDecision(token) };
  } catch (error) {
    const claims = expiredClaimsOf(error);
    if (claims !== undefined) return { claims, expired: error };
    if (error instanceof SomaError && error.code === "DECISION_INVALID")
      await audit(sql, call, "the decision token is missing, forged or malformed", null);
    throw error;
  }
}

/**
 * A refused call is a fact a reviewer may ask about. The arguments stay out of it; their digest is enough to tell them
 * apart.
 */
function audit(sql: Sql, call: Call, reason: string, decisionId: string | null): Promise<void> {
  const { tenant, actor, tool, toolVersion, argsDigest, runId, stepId, idempotencyKey } = call.binding;
  return transaction(sql, { tenant }, (tx) =>
    emit(tx, {
      type: "agent.audit.v1",
      tenant,
      key: tenant,
      data: {
        event_id: newId("AuditEvent"),
        category: "security",
        actor,
        subject: `tool:${tool}`,
        decision: "deny",
        reason,
        timestamp: new Date().toISOString(),
        tenant,
        trace_id: activeTraceId(),
        meta: {
          tool_version: toolVersion,
          args_digest: argsDigest,
          run_id: runId,
          step_id: stepId,
          decision_id: decisionId,
          idempotency_key: clip(idempotencyKey, 200),
        },
      },
    }),
  );
}
