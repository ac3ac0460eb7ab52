import { isRecord, type JsonObject } from "@soma/schemas/json";
import type { ToolCall } from "@soma/sdk/model-client";
import { createCallIds, MAX_TOOL_CALLS, NAMELESS, tooManyCalls } from "../calls-of-answer.ts";
import { mergeExtra } from "./merge-extra.ts";
import type { WireToolCall } from "./wire-chunk.ts";

/** The tool calls of one answer, from their pieces. */
export interface Calls {
  /** Throws MODEL_FAILED for more calls than an answer may have. */
  add(piece: WireToolCall): void;
  end(): ToolCall[];
}

export function createCalls(tools: readonly string[]): Calls {
  const open: WireToolCall[] = [];
  return {
    add(piece) {
      const current = find(open, piece);
      const relation = current === undefined ? "ANOTHER" : relationOf(current, piece, tools);
      if (relation === "REPEATED") return;
      if (relation === "ANOTHER" || current === undefined) {
        open.push({ ...piece });
        if (open.length > MAX_TOOL_CALLS) throw tooManyCalls();
        return;
      }
      current.id ??= piece.id;
      current.name = joinNames(current.name, piece.name, tools);
      current.arguments += piece.arguments;
      current.extra = mergeExtra(current.extra, piece.extra);
    },
    end() {
      const idOf = createCallIds();
      return open.map((call) => {
        const id = idOf(call.id);
        // An id that two calls of an answer have tells them apart for nobody, the server neither.
        const given: JsonObject = { ...(call.id === id ? { id } : {}), ...call.extra };
        const isGiven = Object.keys(given).length > 0;
        const written = call.arguments.trim() === "" ? "{}" : call.arguments;
        return { id, name: call.name ?? NAMELESS, arguments: written, ...(isGiven ? { given } : {}) };
      });
    },
  };
}

/** The call that a piece may belong to: that of its index, else of its id, else the newest. */
function find(open: readonly WireToolCall[], { index, id }: WireToolCall): WireToolCall | undefined {
  if (index !== null) return open.findLast((call) => call.index === index);
  return (id === null ? undefined : open.findLast((call) => call.id === id)) ?? open.at(-1);
}

/**
 * Servers disagree: some leave the index out, some give every call index 0, some repeat id and name in each piece, some
 * send a call whole once more when it is finished, some change the id in the middle, and some write a name in pieces. So a
 * piece with a name begins another call when its id differs, when the call before is complete, or when that one is a tool of
 * its own and the names are no pieces of one.
 */
function relationOf(
  current: WireToolCall,
  piece: WireToolCall,
  tools: readonly string[],
): "SAME" | "ANOTHER" | "REPEATED" {
  if (piece.name === null || current.name === null) return "SAME";
  const sameId = piece.id !== null && piece.id === current.id;
  if (piece.id !== null && current.id !== null && !sameId) return "ANOTHER";
  const isKnown = sameId || (piece.index !== null && piece.id === null && current.id === null);
  // What it costs to look whether arguments are whole is paid where that decides.
  const isAgain = isKnown && piece.name === current.name && piece.arguments === current.arguments;
  if (isAgain && isObject(current.arguments)) return "REPEATED";
  // A server that gives all calls one id sends them whole; to one that is whole nothing can be added.
  if (sameId) return piece.arguments.startsWith("{") && isObject(current.arguments) ? "ANOTHER" : "SAME";
  if (piece.name === current.name)
    return piece.arguments.startsWith("{") && current.arguments.endsWith("}") && isObject(current.arguments)
      ? "ANOTHER"
      : "SAME";
  if (current.arguments !== "") return "ANOTHER";
  return isPieceOfName(current.name, piece.name, tools) ? "SAME" : "ANOTHER";
}

/** Whether two texts are the begin and the rest of a tool's name, and the begin is none itself. */
function isPieceOfName(begin: string, rest: string, tools: readonly string[]): boolean {
  return !tools.includes(begin) && tools.some((name) => name.startsWith(begin + rest));
}

function joinNames(before: string | null, piece: string | null, tools: readonly string[]): string | null {
  if (before === null || piece === null) return before ?? piece;
  return isPieceOfName(before, piece, tools) ? before + piece : before;
}

function isObject(text: string): boolean {
  try {
    return isRecord(JSON.parse(text));
  } catch {
    return false;
  }
}
