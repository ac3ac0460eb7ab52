import type { ModelClient } from "@soma/sdk/model-client";
import { createServerClient, type Dialect, modelAt, type ServerClientOptions } from "../http/server-client.ts";
import { createAnswer } from "./answer.ts";
import { parseEvent } from "./wire-event.ts";
import { extraFields, toWireRequest } from "./wire-request.ts";

export interface OpenAiResponsesOptions extends ServerClientOptions {
  /** What the model tells of its thoughts, such as "auto"; left out, nothing. */
  reasoningSummary?: string | undefined;
}

/**
 * A model behind POST {baseUrl}/responses, as Open Responses describes it and OpenAI and servers of open models speak
 * it. The server keeps nothing: every request carries the whole conversation. Throws BAD_INPUT when the address or the
 * key cannot be used at all.
 */
export function createOpenAiResponsesClient(options: OpenAiResponsesOptions): ModelClient {
  return createServerClient(options, responses(options));
}

function responses(options: OpenAiResponsesOptions): Dialect {
  return {
    operation: "/responses",
    // What chat completions of the same server gave has another shape.
    nameOf: (named) => `${modelAt(named)}, by responses`,
    possible: [
      ...(["NO_TOOLS", "NO_SYSTEM_ROLE", "NO_TEMPERATURE", "NO_TOP_P", "NO_REASONING_EFFORT"] as const),
      ...(["NO_ENCRYPTED_REASONING", "NO_EXTRA_FIELDS", "NO_JSON_SCHEMA"] as const),
    ],
    toBody: (request, asked) => toWireRequest(request, { ...options, ...asked }),
    extraFields,
    createReader({ by, quote }) {
      const answer = createAnswer(by);
      return { add: (json) => answer.add(parseEvent(json, quote)), end: answer.end, usage: answer.usage };
    },
  };
}
