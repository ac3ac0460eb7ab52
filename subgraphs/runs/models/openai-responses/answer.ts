import { isRecord, type JsonObject } from "@soma/schemas/json";
import type { ChatEvent, ModelUsage, ToolCall } from "@soma/sdk/model-client";
import { blankAnswer, MAX_ANSWER_BYTES, tooLongAnswer, toReason } from "../answer-end.ts";
import {
  createCallIds,
  keepCalls,
  MAX_READ_CALLS,
  MAX_TOOL_CALLS,
  NAMELESS,
  tooManyCalls,
} from "../calls-of-answer.ts";
import type { Heard } from "../http/server-client.ts";
import { createSpokenText } from "../spoken-text.ts";
import type { Said } from "../thinking-tags.ts";
import type { Place, WireEvent } from "./wire-event.ts";

export interface Answer {
  /** Takes the next event and gives what it says. Throws MODEL_FAILED when the answer grows beyond its bounds. */
  add(event: WireEvent): Heard;
  /** The rest of the text, the tool calls and the finish. Throws when the stream ended too early, or held no answer. */
  end(): ChatEvent[];
  /** What the server said so far of the tokens that it used. */
  usage(): ModelUsage | null;
}

/** An item of the answer while it comes. */
interface Slot extends Place {
  item: JsonObject;
  isDone: boolean;
  /** What came of it in pieces. */
  said: string;
  arguments: string;
  parts: number;
}

/** Puts an answer together from the events of its items, which may come between each other. */
export function createAnswer(by: string): Answer {
  const slots: Slot[] = [];
  const spoken = createSpokenText();
  let bytes = 0;
  let ended: Extract<WireEvent, { kind: "end" }> | undefined;

  const count = (text: string): void => {
    bytes += Buffer.byteLength(text);
    if (bytes > MAX_ANSWER_BYTES) throw tooLongAnswer();
  };
  const think = (slot: Slot, delta: string): Said[] => {
    slot.said += delta;
    return delta === "" ? [] : [{ type: "thinking", delta }];
  };
  const say = (slot: Slot, delta: string): Said[] => {
    slot.said += delta;
    return delta === "" ? [] : spoken.add(delta);
  };
  /** What a finished item says that its pieces had not said. */
  const finish = (slot: Slot, item: JsonObject): Said[] => {
    // One that is told again, at the end of the answer or by a server that repeats itself, was counted.
    if (slot.isDone) return [];
    const written = item.type === "function_call" && (item.arguments ?? "") === "" ? slot.arguments : "";
    Object.assign(slot, { item: written === "" ? item : { ...item, arguments: written }, isDone: true });
    count(JSON.stringify(item).slice(0, MAX_ANSWER_BYTES + 1));
    if (item.type === "reasoning") return slot.said === "" ? think(slot, thoughtsOf(item)) : [];
    const text = item.type === "message" ? textOf(item) : "";
    return text.startsWith(slot.said) ? say(slot, text.slice(slot.said.length)) : [];
  };
  const add = (event: Exclude<WireEvent, { kind: "end" | "other" }>): Said[] => {
    const slot = find(slots, event);
    if (event.kind === "item") {
      if (event.state === "DONE") return finish(slot, event.item);
      slot.item = { ...slot.item, ...event.item };
      return [];
    }
    if (event.kind === "thinkingPart") {
      slot.parts += 1;
      return slot.parts > 1 && slot.said !== "" ? think(slot, "\n\n") : [];
    }
    count(event.delta);
    if (event.kind === "arguments") slot.arguments += event.delta;
    return event.kind === "text" ? say(slot, event.delta) : event.kind === "thinking" ? think(slot, event.delta) : [];
  };

  return {
    add(event) {
      if (event.kind === "other") return { events: [], isAlive: false, isLast: false };
      if (event.kind !== "end") {
        const isAlive = event.kind === "item" ? event.state === "DONE" : event.kind !== "thinkingPart";
        return { events: add(event), isAlive, isLast: false };
      }
      ended = event;
      // It tells all items once more, and a few servers under new ids.
      const begun = [...slots];
      const isTold = begun.length > 0 && begun.every(({ isDone }) => isDone);
      const rest = (isTold ? [] : event.output).flatMap((item, index) => {
        const slot = begun.find(({ item: { id } }) => id !== undefined && id === item.id) ?? begun[index];
        return finish(slot ?? open(slots, { index, itemId: null }), item);
      });
      return { events: rest, isAlive: true, isLast: true };
    },
    end() {
      const rest = spoken.end();
      const items = slots.map(toItem);
      const calls = toCalls(items);
      const reason = toReason(ended?.reason ?? null, calls.length > 0);
      if (spoken.isBlank() && calls.length === 0) throw blankAnswer(reason);
      const isGiven = items.some(({ type }) => type !== "message");
      return [
        ...rest,
        ...keepCalls(calls).map((call) => ({ type: "toolCall", call }) as const),
        {
          ...{ type: "finish", reason, usage: ended?.usage ?? null, response: ended?.response },
          ...(isGiven ? { given: { by, fields: { output: withoutLeft(items) } } } : {}),
        },
      ];
    },
    usage: () => ended?.usage ?? null,
  };
}

/**
 * The item an event is about: that of its id, else the open one of its place, else the newest open one where the event
 * names neither. Some servers give every item place 0, and some change the id of one on its way.
 */
function find(slots: Slot[], event: Exclude<WireEvent, { kind: "end" | "other" }>): Slot {
  const { index, itemId } = event;
  const named = itemId === null ? undefined : slots.find((slot) => slot.itemId === itemId);
  if (named !== undefined) return named;
  const isNew = event.kind === "item" && event.state === "BEGUN";
  const unfinished = isNew ? [] : slots.filter(({ isDone }) => !isDone);
  const placed =
    index === null
      ? unfinished.findLast((slot) => itemId === null || slot.itemId === null)
      : unfinished.findLast((slot) => slot.index === index);
  return placed ?? open(slots, { index, itemId });
}

function open(slots: Slot[], { index, itemId }: Place): Slot {
  const slot = { index, itemId, item: {}, isDone: false, said: "", arguments: "", parts: 0 };
  slots.push(slot);
  if (slots.length > 2 * MAX_READ_CALLS) throw tooManyCalls();
  return slot;
}

/** An item as its server gave it; one that was never finished, as far as its pieces tell. */
function toItem({ item, isDone, said, arguments: written }: Slot): JsonObject {
  if (isDone) return item;
  if (item.type === "function_call" || written !== "")
    return { type: "function_call", ...item, arguments: written === "" ? (item.arguments ?? "") : written };
  return said === "" || item.type === "reasoning"
    ? item
    : { ...item, type: "message", role: "assistant", content: [{ type: "output_text", text: said }] };
}

function toCalls(items: readonly JsonObject[]): ToolCall[] {
  const idOf = createCallIds();
  const made = items.filter(({ type }) => type === "function_call");
  if (made.length > MAX_READ_CALLS) throw tooManyCalls();
  return made.map(({ call_id: callId, name, arguments: written }) => ({
    id: idOf(typeof callId === "string" && callId !== "" ? callId : null),
    name: typeof name === "string" && name !== "" ? name : NAMELESS,
    arguments: toArguments(written),
    ...(typeof callId === "string" ? { given: { call_id: callId } } : {}),
  }));
}

/** What goes back: a server wants an answer to each call that it sees. */
function withoutLeft(items: readonly JsonObject[]): JsonObject[] {
  let calls = 0;
  return items.filter(({ type }) => type !== "function_call" || ++calls <= MAX_TOOL_CALLS);
}

/** A few servers send the arguments as an object instead of as JSON text. */
function toArguments(written: JsonObject[string] | undefined): string {
  if (isRecord(written)) return JSON.stringify(written);
  return typeof written === "string" && written.trim() !== "" ? written : "{}";
}

function textOf({ content }: JsonObject): string {
  if (typeof content === "string") return content;
  return partsOf(content)
    .map(({ text, refusal }) => (typeof text === "string" ? text : typeof refusal === "string" ? refusal : ""))
    .join("");
}

/** What a model tells of its thoughts: a summary, or the thoughts themselves where the server shows them. */
function thoughtsOf({ summary, content }: JsonObject): string {
  const parts = [...partsOf(summary), ...partsOf(content)];
  return parts.flatMap(({ text }) => (typeof text === "string" && text !== "" ? [text] : [])).join("\n\n");
}

function partsOf(list: JsonObject[string] | undefined): Record<string, unknown>[] {
  return Array.isArray(list) ? (list as unknown[]).filter(isRecord) : [];
}
