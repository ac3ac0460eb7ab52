import type { ServiceClient } from "@soma/shared/graphql/service-client";
import type { Principal } from "@soma/shared/identity/principal";
import { AskPolicyDocument } from "./generated/graphql.ts";

/** Milliseconds the policy may take: longer than its database may, so that what is heard is its own reason. */
const POLICY_MS = 20_000;
const RISKS = { low: "LOW", medium: "MEDIUM", high: "HIGH" } as const;

/** A call about which the policy is asked. */
interface AskedCall {
  tool: string;
  toolVersion: string;
  risk: "low" | "medium" | "high";
  args: unknown;
  idempotencyKey: string;
}

/** Asks the policy as the caller: a token that allows the call, or why it is denied. */
export type AskPolicy = (
  principal: Principal,
  call: AskedCall,
) => Promise<{ token: string } | { token: null; reason: string }>;

/** The policy subgraph: the caller's role decides. */
export function askPolicyBy(client: ServiceClient, role: string): AskPolicy {
  return async (principal, { risk, ...call }) => {
    const input = { ...call, risk: RISKS[risk], role };
    const { decide } = await client.request(AskPolicyDocument, { input }, { principal, timeoutMs: POLICY_MS });
    const { token, decision } = decide;
    return token === null || token === undefined ? { token: null, reason: decision.reason } : { token };
  };
}
