import { createHash } from "node:crypto";
import { loadPolicy } from "@open-policy-agent/opa-wasm";
import { canonicalJson } from "@soma/schemas/json";
import type { Log } from "@soma/shared/log";
import { counter, durationHistogram } from "@soma/shared/metrics";
import { Ajv2020 } from "ajv/dist/2020.js";
import { denied, type PolicyInput, type PolicyResult } from "../domain/policy-input.ts";

export interface PolicyEngine {
  /** Digest of policy and data: what decided. */
  version: string;
  /** Why nothing can be decided, or undefined when all is well. */
  fault: string | undefined;
  /** Never throws: what cannot be decided is denied, with the reason `policy_error: ...`. */
  decide(input: PolicyInput): PolicyResult;
}

const MAX_INPUT_BYTES = 65_536;
/** Pages of 64 KB: the evaluator starts with 320 KB and fails at 16 MB, instead of taking the process with it. */
const MEMORY = { initial: 5, maximum: 256 };
const ENTRYPOINT = "soma/tools/decision";

const RESULT_SCHEMA = {
  type: "object",
  required: ["allow", "reason", "obligations", "ttl_s"],
  additionalProperties: false,
  properties: {
    allow: { type: "boolean" },
    reason: { type: "string", maxLength: 2_000 },
    obligations: { type: "object" },
    ttl_s: { type: "integer", minimum: 0, maximum: 3_600 },
  },
};
const isResult = new Ajv2020().compile<{
  allow: boolean;
  reason: string;
  obligations: PolicyResult["obligations"];
  ttl_s: number;
}>(RESULT_SCHEMA);

const durations = durationHistogram("policy_decision_duration_seconds", "Evaluations of the policy, by answer", [
  "decision",
]);
const errors = counter("policy_errors_total", "Decisions denied because the policy could not decide", ["kind"]);

/** A policy compiled to wasm, evaluated in this process. A bundle that cannot be loaded gives an engine that denies everything. */
export async function createPolicyEngine(params: { wasm: Uint8Array; data: object; log: Log }): Promise<PolicyEngine> {
  const { wasm, data, log } = params;
  const version = createHash("sha256").update(wasm).update(canonicalJson(data)).digest("hex").slice(0, 16);
  try {
    const policy = await loadPolicy(Uint8Array.from(wasm).buffer, MEMORY);
    policy.setData(data);
    return {
      version,
      fault: undefined,
      decide: (input) => evaluate((value) => policy.evaluate(value, ENTRYPOINT), input, log),
    };
  } catch (error) {
    const fault = `the policy bundle cannot be loaded: ${error instanceof Error ? error.message : String(error)}`;
    log.error({ err: error }, "the policy bundle cannot be loaded; every call is denied");
    return { version, fault, decide: () => failed("bundle") };
  }
}

function evaluate(run: (input: unknown) => unknown, input: PolicyInput, log: Log): PolicyResult {
  const end = durations.startTimer();
  try {
    if (Buffer.byteLength(canonicalJson(input)) > MAX_INPUT_BYTES) return failed("input larger than 64 KB");
    const answer = run(input);
    const result: unknown =
      Array.isArray(answer) && answer.length === 1 ? (answer[0] as { result?: unknown }).result : undefined;
    if (!isResult(result)) {
      log.error({ answer }, "the policy gave an answer of the wrong shape");
      return failed("answer of the wrong shape");
    }
    end({ decision: result.allow ? "allow" : "deny" });
    return { allow: result.allow, reason: result.reason, obligations: result.obligations, ttlSeconds: result.ttl_s };
  } catch (error) {
    log.error({ err: error }, "the policy failed");
    return failed("evaluation failed");
  }
}

function failed(kind: string): PolicyResult {
  errors.inc({ kind });
  return denied(`policy_error: ${kind}`);
}
