import * as library from "@open-policy-agent/opa-wasm";
import { isPolicyResult, type PolicyResult, toPolicyError } from "./policy-result.ts";

/** What is larger is denied, and not kept. */
export const MAX_INPUT_BYTES = 65_536;
/** What is nested deeper is denied: how deep the evaluator comes hangs on its stack, and a verdict is to hang on nothing. */
const MAX_DEPTH = 1_000;
/** Pages of 64 KB: the evaluator starts with 320 KB and fails at 16 MB, instead of taking the process with it. */
const MEMORY = { initial: 5, maximum: 256 };
const ENTRYPOINT = "soma/tools/decision";

/** Answers that no policy gave, by what kept it from that. */
export const UNDECIDED = {
  bundle: toPolicyError("bundle"),
  tooLarge: toPolicyError("input larger than 64 KB"),
  tooDeep: toPolicyError("input nested deeper than 1000"),
  wrongShape: toPolicyError("answer of the wrong shape"),
  failed: toPolicyError("evaluation failed"),
} as const;

/** `fault` is why the policy could not decide; the result is then one of UNDECIDED. */
export interface Evaluation {
  result: PolicyResult;
  fault?: { kind: keyof typeof UNDECIDED; cause: unknown };
}

/**
 * A compiled policy. What it makes of an input depends on the bytes of policy, data and input and on nothing else, so that
 * whoever has the three comes to the same: the product when it decides, and a stranger who looks at that later.
 */
export interface Evaluator {
  /** Why no input can be decided. */
  fault: unknown;
  /** Never throws. Data and input are canonical JSON (RFC 8785); the data are loaded when they are others than before. */
  evaluate(input: string, data: string): Evaluation;
  /** What each rule of the decision, by its name, gives for an input; undefined where it does not hold, or fails. */
  trace(input: string, data: string): Record<string, unknown>;
}

/** A bundle that cannot be loaded gives an evaluator that denies. */
export async function loadEvaluator(wasm: Uint8Array): Promise<Evaluator> {
  try {
    const module = await WebAssembly.compile(Uint8Array.from(wasm));
    return createEvaluator(module, await library.loadPolicy(module, MEMORY));
  } catch (cause) {
    return { fault: cause, evaluate: () => undecided("bundle", cause), trace: () => ({}) };
  }
}

/** Its types have this beside loadPolicy, and its module among what it exports by default. */
const { loadPolicySync } = (library as unknown as { default: Pick<typeof library, "loadPolicySync"> }).default;

interface Ready {
  policy: library.LoadedPolicy;
  /** What it has loaded. */
  data: string | undefined;
}

function createEvaluator(module: WebAssembly.Module, first: library.LoadedPolicy): Evaluator {
  let ready: Ready | undefined = { policy: first, data: undefined };
  const ask = (input: Uint8Array<ArrayBuffer>, data: string, entrypoint: string): unknown => {
    const { policy, data: loaded }: Ready = ready ?? { policy: loadPolicySync(module, MEMORY), data: undefined };
    // What fails half-way leaves its memory and its stack as they were then; whatever comes next is asked of a new one.
    ready = undefined;
    if (data !== loaded) policy.setData(encoder.encode(data).buffer);
    const answers: unknown = policy.evaluate(input.buffer, entrypoint);
    ready = { policy, data };
    return resultOf(answers);
  };
  return {
    fault: undefined,
    evaluate(text, data) {
      const input = encoder.encode(text);
      if (input.byteLength > MAX_INPUT_BYTES) return undecided("tooLarge", undefined);
      if (isTooDeep(text)) return undecided("tooDeep", undefined);
      try {
        const result = ask(input, data, ENTRYPOINT);
        if (!isPolicyResult(result)) return undecided("wrongShape", result);
        return { result: { ...result, reason: toStorable(result.reason) } };
      } catch (cause) {
        return undecided("failed", cause);
      }
    },
    trace(text, data) {
      const names = Object.keys(first.entrypoints).filter((name) => name !== ENTRYPOINT);
      const ruleOf = (name: string): unknown => {
        try {
          return ask(encoder.encode(text), data, name);
        } catch {
          return undefined;
        }
      };
      return Object.fromEntries(names.map((name) => [name.replace(/^.*\//, ""), ruleOf(name)]));
    },
  };
}

const encoder = new TextEncoder();

function undecided(kind: keyof typeof UNDECIDED, cause: unknown): Evaluation {
  return { result: UNDECIDED[kind], fault: { kind, cause } };
}

/** Reasons are kept by Postgres, which takes neither NUL nor halves of surrogate pairs. */
function toStorable(text: string): string {
  return text.toWellFormed().replaceAll("\u0000", "\ufffd");
}

const BRACKETS = /[[\]{}]|"(?:[^"\\]|\\.)*"/g;

function isTooDeep(text: string): boolean {
  if (text.length < 2 * MAX_DEPTH) return false;
  let depth = 0;
  for (const [token] of text.matchAll(BRACKETS)) {
    if (token === "[" || token === "{") depth += 1;
    else if (token === "]" || token === "}") depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

/** What the one answer of an entry point holds. */
function resultOf(answers: unknown): unknown {
  return Array.isArray(answers) && answers.length === 1 ? (answers[0] as { result?: unknown }).result : undefined;
}
