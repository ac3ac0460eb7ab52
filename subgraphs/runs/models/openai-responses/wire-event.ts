import { isRecord, type JsonObject } from "@soma/schemas/json";
import type { AnswerName, ModelUsage } from "@soma/sdk/model-client";
import { toAnswerError } from "../http/answer-error.ts";
import { errorText } from "../http/error-text.ts";
import { parseObject } from "../http/parse-object.ts";
import { ModelError, type Quote } from "../model-error.ts";
import { readResponse } from "../read-response.ts";
import { readUsage } from "../read-usage.ts";

/** Where an event belongs among the items of an answer; servers leave out one or the other. */
export interface Place {
  index: number | null;
  itemId: string | null;
}

/** What the client reads from one event; a whole answer that came without a stream is its end. */
export type WireEvent =
  | ({ kind: "text" | "thinking" | "arguments"; delta: string } & Place)
  /** A further part of what the model tells of its thoughts begins. */
  | ({ kind: "thinkingPart" } & Place)
  /** BEGUN: another item comes; TOLD: more is known of one; DONE: it is whole. */
  | ({ kind: "item"; item: JsonObject; state: "BEGUN" | "TOLD" | "DONE" } & Place)
  | { kind: "end"; reason: string; output: JsonObject[]; usage: ModelUsage | null; response?: AnswerName | undefined }
  /** Of no meaning to us: a ping, progress, a kind of event that came later than this program. */
  | { kind: "other" };

const DELTAS: Readonly<Record<string, "text" | "thinking" | "arguments">> = {
  "response.output_text.delta": "text",
  "response.refusal.delta": "text",
  "response.reasoning_summary_text.delta": "thinking",
  "response.reasoning_text.delta": "thinking",
  "response.reasoning.delta": "thinking",
  "response.function_call_arguments.delta": "arguments",
};
const STATES: Readonly<Record<string, "BEGUN" | "DONE">> = {
  "response.output_item.added": "BEGUN",
  "response.output_item.done": "DONE",
};
const ENDS = new Set(["response.completed", "response.incomplete", "response.failed", "response.cancelled"]);

/** Reads the JSON of an event or of a whole answer. Throws what the server says in place of an answer. */
export function parseEvent(json: string, quote: Quote): WireEvent {
  const event = parseObject(json, quote);
  const type = typeof event.type === "string" ? event.type : "";
  if (type === "error" || type === "response.error" || (type === "" && isError(event)))
    throw toAnswerError(isRecord(event.error) ? event.error : event, json, quote);
  if (ENDS.has(type)) return toEnd(isRecord(event.response) ? event.response : {}, type, json, quote);
  if (event.object === "response") return toEnd(event, `response.${String(event.status)}`, json, quote);
  if (type === "" && Object.keys(event).length > 0)
    throw new ModelError("MODEL_FAILED", `the stream holds JSON that is not a part of an answer: ${quote(json, 80)}`);
  return { ...toPart(type, event), ...placeOf(event) };
}

function toPart(type: string, event: Record<string, unknown>): WireEvent {
  const nowhere = { index: null, itemId: null };
  const delta = DELTAS[type];
  if (delta !== undefined)
    return { ...nowhere, kind: delta, delta: typeof event.delta === "string" ? event.delta : "" };
  if (type === "response.reasoning_summary_part.added") return { ...nowhere, kind: "thinkingPart" };
  const state = STATES[type];
  if (state !== undefined && isRecord(event.item))
    return { ...nowhere, kind: "item", item: event.item as JsonObject, state };
  // Its text says once more what its pieces said, or all of it where there were none.
  if (type === "response.function_call_arguments.done" && typeof event.arguments === "string")
    return { ...nowhere, kind: "item", item: { type: "function_call", arguments: event.arguments }, state: "TOLD" };
  return { kind: "other" };
}

function placeOf(event: Record<string, unknown>): Place {
  const item = isRecord(event.item) ? event.item : {};
  const id = event.item_id ?? item.id;
  return {
    index: typeof event.output_index === "number" ? event.output_index : null,
    itemId: typeof id === "string" && id !== "" ? id : null,
  };
}

function isError(event: Record<string, unknown>): boolean {
  return event.object !== "response" && errorText(event) !== undefined;
}

/** The end of an answer; one that failed is thrown. `reason` is in the words that other servers use. */
function toEnd(response: Record<string, unknown>, type: string, json: string, quote: Quote): WireEvent {
  if (type === "response.failed") throw toAnswerError(response.error, json, quote);
  const output = Array.isArray(response.output) ? (response.output as unknown[]).filter(isRecord) : [];
  return {
    kind: "end",
    reason: reasonOf(response, type),
    output: output as JsonObject[],
    usage: usageOf(response.usage),
    response: readResponse(response),
  };
}

function reasonOf({ incomplete_details: details }: Record<string, unknown>, type: string): string {
  const status = type.replace(/^response\./, "");
  // A few servers say nothing of the status of a whole answer.
  if (status === "completed" || status === "undefined") return "stop";
  const said = isRecord(details) ? details.reason : undefined;
  if (status === "incomplete") return typeof said === "string" && said !== "" ? `incomplete: ${said}` : "length";
  return status;
}

function usageOf(usage: unknown): ModelUsage | null {
  if (!isRecord(usage)) return null;
  const { input_tokens: input, output_tokens: output, input_tokens_details: details } = usage;
  return readUsage(input, output, isRecord(details) ? details.cached_tokens : undefined);
}
