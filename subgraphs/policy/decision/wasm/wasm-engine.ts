import { createHash } from "node:crypto";
import { loadPolicy } from "@open-policy-agent/opa-wasm";
import { canonicalJson } from "@soma/schemas/json";
import type { Log } from "@soma/shared/log";
import { durationHistogram } from "@soma/shared/metrics";
import type { PolicyEngine, PolicyInput } from "../policy-engine.ts";
import { isPolicyResult, type PolicyResult, policyError } from "../policy-result.ts";

const MAX_INPUT_BYTES = 65_536;
/** Pages of 64 KB: the evaluator starts with 320 KB and fails at 16 MB, instead of taking the process with it. */
const MEMORY = { initial: 5, maximum: 256 };
const ENTRYPOINT = "soma/tools/decision";

const durations = durationHistogram("policy_decision_duration_seconds", "Evaluations of the policy, by answer", [
  "decision",
]);

interface WasmEngineParams {
  wasm: Uint8Array;
  /** What the policy reads as data; the same object as long as it says the same. */
  data(): object;
  log: Log;
}

/** A policy compiled to wasm, evaluated in this process. A bundle that cannot be loaded gives an engine that denies. */
export async function createWasmEngine({ wasm, data, log }: WasmEngineParams): Promise<PolicyEngine> {
  const versionOf = (value: object): string =>
    createHash("sha256").update(wasm).update(canonicalJson(value)).digest("hex").slice(0, 16);
  let known = data();
  let version = versionOf(known);
  try {
    const policy = await loadPolicy(Uint8Array.from(wasm).buffer, MEMORY);
    policy.setData(known);
    let loaded: object | undefined = known;
    const refresh = (): void => {
      const now = data();
      if (now === loaded) return;
      // Half of them may be in place when it fails; whatever comes next is loaded anew.
      loaded = undefined;
      policy.setData(now);
      loaded = now;
    };
    return {
      get version() {
        const now = data();
        if (now !== known) version = versionOf(now);
        known = now;
        return version;
      },
      fault: undefined,
      decide: (input) =>
        evaluate(
          (value) => {
            refresh();
            return policy.evaluate(value, ENTRYPOINT);
          },
          input,
          log,
        ),
    };
  } catch (error) {
    const fault = `the policy bundle cannot be loaded: ${error instanceof Error ? error.message : String(error)}`;
    log.error({ err: error }, "the policy bundle cannot be loaded; every call is denied");
    return { version, fault, decide: () => policyError("bundle") };
  }
}

function evaluate(run: (input: unknown) => unknown, input: PolicyInput, log: Log): PolicyResult {
  const end = durations.startTimer();
  try {
    if (Buffer.byteLength(canonicalJson(input)) > MAX_INPUT_BYTES) return policyError("input larger than 64 KB");
    const answer = run(input);
    const result: unknown =
      Array.isArray(answer) && answer.length === 1 ? (answer[0] as { result?: unknown }).result : undefined;
    if (!isPolicyResult(result)) {
      log.error({ answer }, "the policy gave an answer of the wrong shape");
      return policyError("answer of the wrong shape");
    }
    end({ decision: result.allow ? "allow" : "deny" });
    return result;
  } catch (error) {
    log.error({ err: error }, "the policy failed");
    return policyError("evaluation failed");
  }
}
