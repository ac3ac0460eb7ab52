import { isRecord } from "@soma/schemas/json";
import type { Door } from "../model-server.ts";
import { BadRequest } from "../wire-messages.ts";
import { inPieces, type ModelAnswer, words } from "../wire-stream.ts";
import { callsIn, chatDoor, chunkOf, messagesIn, reasonOf, type WireMessage } from "./chat.ts";

const THOUGHT = "The person wants to know something.";

/** The messages since the person last said something. */
function turnOf(body: Record<string, unknown>): WireMessage[] {
  const messages = messagesIn(body);
  return messages.slice(messages.findLastIndex(({ role }) => role === "user") + 1);
}

function chunksOf(answer: ModelAnswer, idOf: (name: string, index: number) => string): object[] {
  const { toolCalls, thinking = THOUGHT } = answer;
  return [
    chunkOf({ role: "assistant", content: null, reasoning_content: "" }),
    ...words(thinking).map((piece) => chunkOf({ content: null, reasoning_content: piece })),
    ...words(answer.text).map((content) => chunkOf({ content, reasoning_content: null })),
    ...toolCalls.flatMap(({ name, arguments: written }, index) => [
      chunkOf({ tool_calls: [{ index, id: idOf(name, index), type: "function", function: { name, arguments: "" } }] }),
      ...inPieces(written).map((piece) => chunkOf({ tool_calls: [{ index, function: { arguments: piece } }] })),
    ]),
  ];
}

/**
 * DeepSeek: its model thinks in a field of its own, which must come back with the calls it led to, whole; at times it
 * has no room for an answer.
 */
export function deepseek({ isFull = () => false }: { isFull?: () => boolean } = {}): Door {
  let count = 0;
  return chatDoor({
    base: "",
    operation: /^(?:\/v1)?\/chat\/completions$/,
    check(body) {
      if (isRecord(body.response_format) && body.response_format.type === "json_schema")
        throw new BadRequest("This response_format type is unavailable now");
      for (const message of turnOf(body))
        if (callsIn(message).length > 0 && message.reasoning_content !== THOUGHT)
          throw new BadRequest("The `reasoning_content` in the thinking mode must be passed back to the API.");
    },
    chunks(answer) {
      if (isFull()) return [chunkOf({ role: "assistant", content: "I" }), chunkOf({}, "insufficient_system_resource")];
      count += 1;
      return [...chunksOf(answer, (_name, index) => `call_${count}_deep${index}`), chunkOf({}, reasonOf(answer))];
    },
  });
}

/**
 * DeepSeek's first model that thought, and servers that still run it so: what it thought is refused when it comes back.
 */
export function deepseekReasoner(): Door {
  return chatDoor({
    check(body) {
      if (messagesIn(body).some((message) => "reasoning_content" in message))
        throw new BadRequest("reasoning_content is not allowed in input messages");
    },
    chunks: (answer) => [...chunksOf(answer, (name, index) => `call_${name}${index}`), chunkOf({}, reasonOf(answer))],
  });
}

/**
 * Moonshot's Kimi: ids of calls name the tool and its number and must come back as they are, what it thought must come
 * back with them, and the usage stands in the choice.
 */
export function kimi(): Door {
  const given = new Set<string>();
  return chatDoor({
    check(body) {
      for (const [at, message] of messagesIn(body).entries()) {
        for (const { id } of callsIn(message))
          if (!given.has(String(id))) throw new BadRequest(`tool_call_id ${id} is not found`);
        if (callsIn(message).length > 0 && (message.reasoning_content ?? "") === "")
          throw new BadRequest(
            `thinking is enabled but reasoning_content is missing in assistant tool call message at index ${at}`,
          );
      }
    },
    chunks(answer) {
      const idOf = (name: string): string => {
        given.add(`functions.${name}:${given.size}`);
        return `functions.${name}:${given.size - 1}`;
      };
      const usage = { prompt_tokens: 20, completion_tokens: 5, total_tokens: 25 };
      const last = { index: 0, delta: {}, finish_reason: reasonOf(answer), usage };
      return [...chunksOf(answer, idOf), { ...chunkOf({}), choices: [last] }];
    },
    error: (status, message) => ({
      error: { type: status === 429 ? "engine_overloaded_error" : "invalid_request_error", message },
    }),
  });
}
