import type { Json, JsonObject } from "@soma/schemas/json";
import type { NodeResult } from "@soma/sdk/node";
import { DEFAULT_RETRY, type Tries } from "@soma/sdk/retries";
import { toSomaError } from "@soma/shared/errors";
import { toStorableJson } from "@soma/shared/json";
import { spanIdOf } from "@soma/shared/telemetry";
import { toSummary } from "../../domain/step-summary.ts";
import type { Entry } from "../journal/journal.ts";
import { type Attempt, lineOf } from "./attempt.ts";
import { StepStopped } from "./halt.ts";
import { nextAttemptMs } from "./retries.ts";
import { stateFault } from "./scope.ts";

/** Writes what a step came to. */
export function endGood<S>(attempt: Attempt<S>, given: NodeResult<S>): NodeResult<S> {
  const { entry, result } = toGoodEnd(attempt, given);
  attempt.journal.write(entry);
  attempt.observe({ status: entry.kind });
  return result;
}

export interface GoodEnd<S> {
  entry: Extract<Entry, { kind: "STEP_SUCCEEDED" | "STEP_DENIED" }>;
  result: NodeResult<S>;
}

/**
 * What is written of a step that came to something; the patch is given back as the journal keeps it, so that going on
 * and replaying give the same state.
 */
export function toGoodEnd<S>(attempt: Attempt<S>, result: NodeResult<S>): GoodEnd<S> {
  const { step, scope, limits } = attempt;
  const patch = toStorableJson(result.patch ?? {}) as JsonObject;
  const fault = stateFault(scope, patch, limits.maxStateBytes);
  if (fault !== undefined) return endBad(attempt, { code: "LIMIT_EXCEEDED", message: fault });
  const kind = result.denied === true ? "STEP_DENIED" : "STEP_SUCCEEDED";
  const payload = {
    ...endOf(attempt),
    summary: result.summary,
    outputSummary: toSummary(result.outputSummary, result.output),
    output: result.output ?? null,
    patch,
    ...(result.prompt === undefined ? {} : { prompt: result.prompt }),
  };
  return { entry: { kind, step, payload }, result: { ...result, patch: patch as NonNullable<NodeResult<S>["patch"]> } };
}

export function endCanceled<S>(attempt: Attempt<S>): never {
  const { journal, halt, step, streams } = attempt;
  const error = halt.reason() ?? { code: "CANCELED", message: "the run was canceled" };
  streams.finish("CANCELED");
  attempt.observe({ status: "STEP_CANCELED" });
  journal.write({ kind: "STEP_CANCELED", step, payload: { ...endOf(attempt), error } });
  throw new StepStopped("CANCELED", error);
}

export function endBad<S>(attempt: Attempt<S>, error: StepStopped["error"]): never {
  const { journal, step } = attempt;
  attempt.observe({ status: "STEP_FAILED" });
  journal.write({ kind: "STEP_FAILED", step, payload: { ...endOf(attempt), outputSummary: error.code, error } });
  throw new StepStopped("FAILED", error);
}

/**
 * What becomes of a step whose attempt failed: the milliseconds until the next one with what is shown of the error, or
 * what the node makes of having none left. Throws when it makes nothing of it, or the step is not wanted any more.
 */
export function afterFailure<S>(
  attempt: Attempt<S>,
  error: unknown,
  tries: Tries,
): NodeResult<S> | { delayMs: number; shown: StepStopped["error"] } {
  const { context, halt, spec, step, streams } = attempt;
  if (context.lost()) throw error;
  const known = toSomaError(error);
  if (known.code === "FENCED") throw error;
  if (halt.reason() !== undefined) return endCanceled(attempt);
  streams.finish("ERROR");
  const shown = { code: known.code, message: known.publicMessage };
  if (known.code === "INTERNAL") context.log.error({ err: error, node: step.node }, "a step failed unexpectedly");
  const delayMs = nextAttemptMs(spec.retry ?? DEFAULT_RETRY, known, tries, context.now());
  if (delayMs === undefined) {
    const made = madeOf(attempt, shown);
    if (made === undefined) return endBad(attempt, shown);
    context.log.warn({ err: error, node: step.node }, "a step did not come about, and its run goes on without it");
    return endGood(attempt, made);
  }
  attempt.observe({ status: "STEP_FAILED" });
  return { delayMs, shown };
}

/** What the node makes of having no attempt left; nothing where it has no word for it, or fails to say it. */
function madeOf<S>({ context, spec, state, step }: Attempt<S>, shown: StepStopped["error"]): NodeResult<S> | undefined {
  try {
    return spec.giveUp?.(state, shown);
  } catch (err) {
    context.log.error({ err, node: step.node }, "a node cannot say what its step comes to without an attempt left");
    return undefined;
  }
}

function endOf<S>(attempt: Attempt<S>) {
  const { context, spec, state, startedAt, summary, span } = attempt;
  const inputLine = lineOf(attempt, () => spec.inputSummary?.(state, context.run));
  return {
    startedAt: startedAt.toISOString(),
    latencyMs: context.now().getTime() - startedAt.getTime(),
    summary,
    inputSummary: toSummary(inputLine, state as Json),
    outputSummary: "",
    spanId: spanIdOf(span),
  };
}
