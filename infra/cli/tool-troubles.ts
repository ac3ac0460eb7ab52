import { isRecord } from "@soma/schemas/json";
import { isEventKind, payloadOf } from "@soma/schemas/run-history";

interface Event {
  type: string;
  nodeId?: string | null | undefined;
  payload: unknown;
}

/** Tool calls of a run that failed or were not allowed, by name; the run may have succeeded all the same. */
export interface ToolTroubles {
  failed: string[];
  denied: string[];
}

const GOOD = ["SUCCEEDED", "TRUNCATED"];

/** Adds what an event tells of them. */
export function noteTroubles(troubles: ToolTroubles, { type, nodeId, payload }: Event): void {
  if (!isEventKind(type)) return;
  if (type === "STEP_DENIED") troubles.denied.push(toolOf(payloadOf(type, payload).output) ?? nodeId ?? "a step");
  if (type === "STEP_FAILED") troubles.failed.push(nodeId ?? "a step");
  if (type !== "STEP_SUCCEEDED") return;
  // The step of a call succeeds when its end was heard, whatever the end was.
  const { output } = payloadOf(type, payload);
  const tool = toolOf(output);
  if (tool === undefined || !isRecord(output) || typeof output.status !== "string") return;
  if (!GOOD.includes(output.status)) troubles.failed.push(tool);
}

function toolOf(output: unknown): string | undefined {
  return isRecord(output) && typeof output.tool === "string" ? output.tool : undefined;
}

/** One line for people; undefined when all went well. */
export function describeTroubles({ failed, denied }: ToolTroubles): string | undefined {
  const parts = [count(failed, "failed"), count(denied, "denied")].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(", ");
}

function count(names: readonly string[], what: string): string | undefined {
  if (names.length === 0) return undefined;
  return `${names.length} ${names.length === 1 ? "call" : "calls"} ${what} (${[...new Set(names)].join(", ")})`;
}
