import { canonicalJson } from "@soma/schemas/json";
import { type Evaluation, loadEvaluator, UNDECIDED } from "@soma/schemas/verdict/evaluator";
import { sha256, toPolicyVersion } from "@soma/schemas/verdict/verifier";
import type { Log } from "@soma/shared/log";
import { counter, durationHistogram } from "@soma/shared/metrics";
import type { PolicyEngine, Revision } from "../policy-engine.ts";

const durations = durationHistogram("policy_decision_duration_seconds", "Evaluations of the policy, by answer", [
  "decision",
]);
const errors = counter("policy_errors_total", "Decisions denied because the policy could not decide", ["kind"]);

interface WasmEngineParams {
  wasm: Uint8Array;
  /** What the policy reads as data; the same object as long as it says the same. */
  data(): object;
  log: Log;
}

/** A policy compiled to wasm, evaluated in this process. A bundle that cannot be loaded gives an engine that denies. */
export async function createWasmEngine({ wasm, data, log }: WasmEngineParams): Promise<PolicyEngine> {
  const evaluator = await loadEvaluator(wasm);
  const policyRevision = sha256(wasm);
  let known: { data: object; revision: Revision } | undefined;
  const revise = (): Revision => {
    const now = data();
    if (known?.data === now) return known.revision;
    const text = canonicalJson(now);
    const version = toPolicyVersion(wasm, text);
    known = { data: now, revision: { version, policyRevision, dataRevision: sha256(text), wasm, data: text } };
    return known.revision;
  };
  if (evaluator.fault !== undefined)
    log.error({ err: evaluator.fault }, "the policy bundle cannot be loaded; every call is denied");
  return {
    get revision() {
      return revise();
    },
    fault:
      evaluator.fault === undefined ? undefined : `the policy bundle cannot be loaded: ${wordsOf(evaluator.fault)}`,
    decide(input) {
      const end = durations.startTimer();
      const { result, fault } = evaluator.evaluate(input, revise().data);
      if (fault === undefined) end({ decision: result.allow ? "allow" : "deny" });
      else tell(fault, log);
      return result;
    },
  };
}

const TOLD = {
  bundle: undefined,
  tooLarge: undefined,
  tooDeep: undefined,
  wrongShape: "the policy gave an answer of the wrong shape",
  failed: "the policy failed",
} as const;

/** Somebody must look: counted by what kept the policy from deciding, and said once each time. */
function tell({ kind, cause }: NonNullable<Evaluation["fault"]>, log: Log): void {
  errors.inc({ kind: UNDECIDED[kind].reason.replace(/^policy_error: /, "") });
  const words = TOLD[kind];
  if (words !== undefined) log.error(kind === "wrongShape" ? { answer: cause } : { err: cause }, words);
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
