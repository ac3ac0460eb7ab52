import { isRecord, type Json } from "@soma/schemas/json";
import { type DecisionPayload, payloadOf, type SignalPayload } from "@soma/schemas/run-history";
import type { ChildResult } from "@soma/sdk/node";

/** How a question was decided, as the signal under its name tells; nobody has when the time ran out. */
export function toDecision({ name, payload, sentBy }: SignalPayload): DecisionPayload {
  const { approved, comment } = payloadOf("APPROVAL_DECIDED", payload);
  return { name, approved, comment, decidedBy: approved === null ? null : sentBy };
}

/** What a run came to, as the signal to the run that started it tells: the last payload of its history, its id and its status. */
export function toChildResult(payload: Json): ChildResult {
  const fields = isRecord(payload) ? payload : {};
  const runId = typeof fields.runId === "string" ? fields.runId : "";
  if (fields.status === "SUCCEEDED")
    return { runId, status: "SUCCEEDED", answer: payloadOf("RUN_SUCCEEDED", payload).answer, error: null };
  if (fields.status === "CANCELED") return { runId, status: "CANCELED", answer: null, error: null };
  return { runId, status: "FAILED", answer: null, error: payloadOf("RUN_FAILED", payload).error };
}
