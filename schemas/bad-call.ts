import { isRecord } from "./json.ts";
import { payloadOf } from "./run-history.ts";

/** How a call of a tool did not end well, or that an answer of the model was cut; the run may have succeeded all the same. */
export type BadCall = "FAILED" | "DENIED" | "CUT";

/** Ends of an invocation after which nobody has what the tool was called for. */
const BAD_ENDS: ReadonlyMap<unknown, BadCall> = new Map<unknown, BadCall>([
  ["FAILED", "FAILED"],
  ["TIMED_OUT", "FAILED"],
  ["CANCELED", "FAILED"],
  ["UNKNOWN", "FAILED"],
  ["DENIED", "DENIED"],
]);

/** Ends of a model's answer that are not its own. */
const CUTS: ReadonlySet<unknown> = new Set(["length", "content_filter"]);

/**
 * Whether an event is the end of a call that did not end well. The step of a call succeeds when its end was heard,
 * whatever the end was; what was denied has a step that ended so and was never called. The view `bad_call` of runs says
 * the same in SQL, and a test holds the two together.
 */
export function badCallOf(event: { type: string; nodeType: string | null; payload: unknown }): BadCall | undefined {
  const { type, nodeType, payload } = event;
  if (type === "STEP_DENIED") return "DENIED";
  if (nodeType === "model" && type === "STEP_SUCCEEDED") {
    const { output } = payloadOf(type, payload);
    return isRecord(output) && CUTS.has(output.cut) ? "CUT" : undefined;
  }
  if (nodeType !== "tool") return undefined;
  if (type === "STEP_FAILED") return "FAILED";
  if (type !== "STEP_SUCCEEDED") return undefined;
  const { output } = payloadOf(type, payload);
  return isRecord(output) ? BAD_ENDS.get(output.status) : undefined;
}
