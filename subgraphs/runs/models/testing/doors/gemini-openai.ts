import { isRecord } from "@soma/schemas/json";
import type { Door } from "../model-server.ts";
import { BadRequest } from "../wire-messages.ts";
import { words } from "../wire-stream.ts";
import { callsIn, chatDoor, chunkOf, messagesIn } from "./chat.ts";

/**
 * Gemini behind its door for OpenAI's clients: calls come whole and without an index, the first of an answer is signed
 * and its signature must come back, an answer with calls ends with "stop", and errors come in a list.
 */
export function geminiOpenAi(): Door {
  let count = 0;
  const given = new Set<string>();
  return chatDoor({
    base: "/v1beta/openai",
    check(body) {
      for (const [at, message] of messagesIn(body).entries()) {
        const [first] = callsIn(message);
        const extra = first?.extra_content;
        const google = isRecord(extra) ? extra.google : undefined;
        const signature = isRecord(google) ? google.thought_signature : undefined;
        if (first !== undefined && !given.has(String(signature)) && signature !== "skip_thought_signature_validator")
          throw refusal(
            400,
            `Function call is missing a thought_signature in functionCall parts. Function call \`${String(first.function.name)}\`, position ${at}`,
          );
      }
    },
    chunks(answer) {
      count += 1;
      const signature = `signature-${count}`;
      given.add(signature);
      const calls = answer.toolCalls.map((call, at) => ({
        ...(at === 0 ? { extra_content: { google: { thought_signature: signature } } } : {}),
        ...{ function: call, id: `function-call-${count}${at}`, type: "function" },
      }));
      return [
        ...words(answer.text).map((content) => chunkOf({ role: "assistant", content })),
        ...calls.map((call) => chunkOf({ role: "assistant", tool_calls: [call] })),
        chunkOf({ role: "assistant" }, "stop", {
          usage: { prompt_tokens: 20, completion_tokens: 5, total_tokens: 25 },
        }),
      ];
    },
    error: errorBody,
  });
}

function errorBody(status: number, message: string): object {
  return [{ error: { code: status, message, status: status === 429 ? "RESOURCE_EXHAUSTED" : "INVALID_ARGUMENT" } }];
}

function refusal(status: number, message: string): BadRequest {
  return new BadRequest(message, status, errorBody(status, message));
}
