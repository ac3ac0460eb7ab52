import type { ModelClient } from "@soma/sdk/model-client";
import { createServerClient, type Dialect, modelAt, type ServerClientOptions } from "../http/server-client.ts";
import { createAnswer } from "./answer.ts";
import { createPick, parseChunk } from "./wire-chunk.ts";
import { extraFields, toWireRequest } from "./wire-request.ts";

export type OpenAiCompatibleOptions = ServerClientOptions;

/**
 * A model behind POST {baseUrl}/chat/completions, which OpenAI, Ollama, LM Studio, vLLM, llama.cpp and most gateways
 * speak. Throws BAD_INPUT when the address or the key cannot be used at all.
 */
export function createOpenAiCompatibleClient(options: OpenAiCompatibleOptions): ModelClient {
  return createServerClient(options, chatCompletions(options));
}

function chatCompletions(options: OpenAiCompatibleOptions): Dialect {
  return {
    operation: "/chat/completions",
    nameOf: modelAt,
    possible: [
      ...(["NO_TOOLS", "NO_STREAM_OPTIONS", "NO_SYSTEM_ROLE", "NO_TEMPERATURE"] as const),
      ...(["NO_TOP_P", "NO_SEED", "NO_REASONING_EFFORT"] as const),
      ...(["OTHER_TOKEN_LIMIT", "NO_EXTRA_FIELDS", "NO_UNSIGNED_CALLS", "NO_JSON_SCHEMA"] as const),
    ],
    toBody: (request, asked) => toWireRequest(request, { ...options, ...asked, tokenLimitField: limitField(options) }),
    extraFields,
    createReader({ by, tools, quote }) {
      const answer = createAnswer({ by, tools });
      const pick = createPick();
      return {
        add(json) {
          const chunk = parseChunk(json, quote, pick);
          return { events: answer.add(chunk), isAlive: chunk.alive, isLast: chunk.finishReason !== null };
        },
        end: answer.end,
        usage: answer.usage,
      };
    },
  };
}

function limitField({ baseUrl }: OpenAiCompatibleOptions): "max_tokens" | "max_completion_tokens" {
  const { hostname } = new URL(baseUrl);
  return /(^|\.)openai\.(com|azure\.com)$/.test(hostname) ? "max_completion_tokens" : "max_tokens";
}
