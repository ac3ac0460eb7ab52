import type { Json } from "@soma/schemas/json";
import type { PolicyInput } from "@soma/schemas/verdict/recorded-decision";
import type { DecideParams } from "./decide-params.ts";

interface AskedBy {
  tenant: string;
  subject: string;
}

/** What the policy is asked about a call. */
export function toPolicyInput(
  { tenant, subject }: AskedBy,
  params: DecideParams & { args: Json },
  { argsDigest, at }: { argsDigest: string; at: Date },
): PolicyInput {
  const { tool, toolVersion, risk, args, role, runId = null, stepId = null } = params;
  return {
    actor: { id: subject, tenant, role },
    tool: { name: tool, version: toolVersion, risk },
    args_digest: argsDigest,
    args,
    run: runId === null ? null : { id: runId, step: stepId },
    now: at.toISOString(),
  };
}
