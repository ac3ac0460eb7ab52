import { isRecord } from "@soma/schemas/json";
import type { DecisionView, PendingCall } from "./view.ts";

/** What this page shows of a step's output; null where the output does not say. */
export interface StepOutput {
  /** Calls a model step asked for. */
  toolCalls: PendingCall[];
  /** What a policy step, or a tool step that policy stopped, says. */
  decision: DecisionView | null;
  tool: string | null;
  /** How a tool's invocation ended. */
  status: string | null;
  output: string | null;
  error: string | null;
}

/**
 * Reads a step's output. The contract of the history leaves it to the agent: these are the fields of the built-in
 * assistant, so an output of another agent or of a newer version may lack any of them.
 */
export function readStepOutput(output: unknown): StepOutput {
  const fields = isRecord(output) ? output : {};
  return {
    toolCalls: Array.isArray(fields.toolCalls) ? fields.toolCalls.map(toCall) : [],
    decision: toDecision(fields),
    tool: text(fields.tool),
    status: text(fields.status),
    output: text(fields.output),
    error: text(fields.error),
  };
}

function toCall(value: unknown): PendingCall {
  const call = isRecord(value) ? value : {};
  return { name: text(call.name) ?? "", args: text(call.arguments) ?? "" };
}

function toDecision({ tool, allow, reason }: Readonly<Record<string, unknown>>): DecisionView | null {
  if (typeof allow !== "boolean") return null;
  return { tool: text(tool) ?? "tool", allow, reason: text(reason) ?? "no reason was recorded" };
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
