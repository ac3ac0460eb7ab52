import { isErased } from "@soma/schemas/erased-payload";
import type { JsonObject } from "@soma/schemas/json";
import { type KeptStep, payloadOf } from "@soma/schemas/run-history";
import { SomaError } from "@soma/shared/errors";
import type { HistoryEvent } from "../../domain/history.ts";
import type { Entry } from "../journal/journal.ts";
import { type ScopeParts, toStep } from "./execute-node.ts";
import type { RunContext } from "./run-context.ts";
import { type Scope, stateFault } from "./scope.ts";

type End = Extract<Entry, { kind: "STEP_SUCCEEDED" | "STEP_DENIED" }>;

/** Ends a step without doing it, by what an earlier one came to, or by nothing; gives what that changes in the state. */
export async function keepStep(
  parts: ScopeParts,
  scope: Scope,
  { spec, kept }: { spec: { type: string }; kept: KeptStep },
): Promise<JsonObject> {
  const { context, journal, limits, records } = parts;
  const end = kept.result === null ? undefined : await records.findEvent(kept.result).catch(letGo(context));
  if (kept.result !== null && (end === undefined || isErased(end.payload)))
    throw new SomaError("BAD_INPUT", `what step ${kept.step} came to was to stand, and is not there any more`);
  const { kind, payload } = endOf(kept, end, context.now());
  const fault = stateFault(scope, payload.patch, limits.maxStateBytes);
  if (fault !== undefined) throw new SomaError("LIMIT_EXCEEDED", fault);
  journal.write({ kind, step: toStep(scope, spec, parts.nextStep(), 1), payload });
  return payload.patch;
}

/** Neither the step nor the run failed: whoever has the run next looks again. */
function letGo(context: RunContext): (cause: unknown) => never {
  return (cause) => {
    context.log.warn({ err: cause }, "what a step came to that is to stand could not be read");
    context.lose("what one of its steps came to could not be read");
    throw cause;
  };
}

function endOf({ step }: KeptStep, end: HistoryEvent | undefined, now: Date): Pick<End, "kind" | "payload"> {
  const none = { startedAt: now.toISOString(), latencyMs: 0, inputSummary: "", spanId: "", insteadOf: step };
  if (end?.kind !== "STEP_SUCCEEDED" && end?.kind !== "STEP_DENIED") {
    const words = { summary: `Not done, instead of step ${step}`, outputSummary: "" };
    return { kind: "STEP_SUCCEEDED", payload: { ...none, ...words, output: null, patch: {} } };
  }
  const { summary, outputSummary, output, patch } = payloadOf(end.kind, end.payload);
  const words = { summary: `As in step ${step}: ${summary ?? ""}`, outputSummary };
  return { kind: end.kind, payload: { ...none, ...words, output, patch } };
}
