import { isDeepStrictEqual } from "node:util";
import { isRecord, type JsonObject } from "@soma/schemas/json";
import type { ToolCall } from "@soma/sdk/model-client";
import { createCallIds, keepCalls, MAX_READ_CALLS, NAMELESS, tooManyCalls } from "../calls-of-answer.ts";
import { mergeExtra, retellExtra } from "./merge-extra.ts";
import type { WireToolCall } from "./wire-chunk.ts";

/** Arguments as some servers begin them, before the model has made any. */
const EMPTY = /^\s*\{\s*\}\s*$/;

/** The tool calls of one answer, from their pieces. */
export interface Calls {
  /**
   * Takes what one chunk has of calls: pieces that may belong together, or those of a whole message, which are a call
   * each. Throws MODEL_FAILED for more calls than an answer may have.
   */
  add(pieces: readonly WireToolCall[], isWhole?: boolean): void;
  end(): ToolCall[];
}

export function createCalls(tools: readonly string[]): Calls {
  const open: WireToolCall[] = [];
  return {
    add(pieces, isWhole = false) {
      const before = isWhole ? [...open] : open;
      for (const piece of pieces) {
        const current = find(before, piece);
        const relation = current === undefined ? "ANOTHER" : relationOf(current, piece, tools);
        if (current === undefined || relation === "ANOTHER") open.push({ ...piece });
        else put(current, piece, relation, tools);
        if (open.length > MAX_READ_CALLS) throw tooManyCalls();
      }
    },
    end() {
      const idOf = createCallIds();
      const made = open.map((call) => {
        const id = idOf(call.id);
        // An id that two calls of an answer have tells them apart for nobody, the server neither.
        const given: JsonObject = { ...(call.id === id ? { id } : {}), ...call.extra };
        const isGiven = Object.keys(given).length > 0;
        const written = call.arguments.trim() === "" ? "{}" : call.arguments;
        return { id, name: call.name ?? NAMELESS, arguments: written, ...(isGiven ? { given } : {}) };
      });
      return keepCalls(made);
    },
  };
}

/** What a piece is to the call that was found for it. */
type Relation = "SAME" | "ANOTHER" | "REPEATED" | "BEGUN_EMPTY";

function put(call: WireToolCall, piece: WireToolCall, relation: Relation, tools: readonly string[]): void {
  call.id ??= piece.id;
  if (relation === "REPEATED") {
    call.extra = retellExtra(call.extra, piece.extra);
    return;
  }
  call.name = joinNames(call.name, piece.name, tools);
  call.arguments = relation === "BEGUN_EMPTY" ? piece.arguments : call.arguments + piece.arguments;
  call.extra = mergeExtra(call.extra, piece.extra);
}

/** The call that a piece may belong to: that of its index, else of its id, else the newest. */
function find(open: readonly WireToolCall[], { index, id }: WireToolCall): WireToolCall | undefined {
  if (index !== null) return open.findLast((call) => call.index === index);
  return (id === null ? undefined : open.findLast((call) => call.id === id)) ?? open.at(-1);
}

/**
 * Servers disagree: some leave the index out, some give every call index 0, some repeat id and name in each piece, some
 * send a call whole once more when it is finished, some change the id in the middle, and some write a name in pieces.
 * So a piece begins another call when it has an id or a name of its own and the call before is complete, and one with a
 * name also when its id differs, or when the names are no pieces of one. An empty object that other arguments of
 * the call follow only stood where they were to come.
 */
function relationOf(current: WireToolCall, piece: WireToolCall, tools: readonly string[]): Relation {
  const areNamed = piece.name !== null && current.name !== null;
  // To a call that is whole nothing can be added. What it costs to look is paid where that decides.
  const followsWhole = (): boolean => objectIn(current.arguments) !== undefined;
  const begins = piece.arguments.trimStart().startsWith("{");
  if (piece.id !== null && current.id !== null && piece.id !== current.id)
    return areNamed || ((piece.name !== null || begins) && followsWhole()) ? "ANOTHER" : "SAME";
  if (begins && isAgain(current, piece)) return "REPEATED";
  if (!areNamed) return begins && EMPTY.test(current.arguments) ? "BEGUN_EMPTY" : "SAME";
  // A server that gives all calls one id sends them whole.
  const haveOneId = piece.id !== null && current.id !== null;
  if (haveOneId || piece.name === current.name) return begins && followsWhole() ? "ANOTHER" : "SAME";
  if (current.arguments !== "") return "ANOTHER";
  return isPieceOfName(current.name, piece.name, tools) ? "SAME" : "ANOTHER";
}

/**
 * Whether a piece, whose id is no other, is the whole call once more. Two equal calls with neither index nor id are
 * two.
 */
function isAgain(current: WireToolCall, piece: WireToolCall): boolean {
  const isKnown = piece.name === null || piece.index !== null || piece.id !== null || current.id !== null;
  if (!isKnown || (piece.name ?? current.name) !== current.name) return false;
  const [before, now] = [objectIn(current.arguments), objectIn(piece.arguments)];
  return before !== undefined && now !== undefined && isDeepStrictEqual(before, now);
}

/** Whether two texts are the begin and the rest of a tool's name, and not two tools. */
function isPieceOfName(begin: string | null, rest: string | null, tools: readonly string[]): boolean {
  if (begin === null || rest === null || (tools.includes(begin) && tools.includes(rest))) return false;
  return tools.some((name) => name.startsWith(begin + rest));
}

function joinNames(before: string | null, piece: string | null, tools: readonly string[]): string | null {
  return isPieceOfName(before, piece, tools) ? `${before}${piece}` : (before ?? piece);
}

function objectIn(text: string): Record<string, unknown> | undefined {
  if (!text.trimEnd().endsWith("}")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
