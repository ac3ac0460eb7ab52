import type { JsonObject } from "@soma/schemas/json";
import { counter } from "@soma/shared/metrics";
import { Ajv2020 } from "ajv/dist/2020.js";
import { type Static, Type } from "typebox";

const PolicyResultSchema = Type.Object(
  {
    allow: Type.Boolean(),
    reason: Type.String({ maxLength: 2_000 }),
    obligations: Type.Unsafe<JsonObject>({ type: "object" }),
    ttl_s: Type.Integer({
      minimum: 0,
      maximum: 3_600,
      description: "seconds the decision is good for at most; the setting may lower it",
    }),
  },
  { additionalProperties: false },
);

/** What a policy answers; the head of conf/policies/tools.rego describes the same. */
export type PolicyResult = Static<typeof PolicyResultSchema>;

/** Whether an engine gave an answer of the right shape. */
export const isPolicyResult = new Ajv2020().compile<PolicyResult>(PolicyResultSchema);

const errors = counter("policy_errors_total", "Decisions denied because the policy could not decide", ["kind"]);

/** The answer to what cannot be decided; counted, for somebody must look. */
export function policyError(kind: string): PolicyResult {
  errors.inc({ kind });
  return { allow: false, reason: `policy_error: ${kind}`, obligations: {}, ttl_s: 0 };
}
