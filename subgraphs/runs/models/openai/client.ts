import type { ChatEvent, ChatRequest, ModelClient } from "@soma/sdk/model-client";
import { SomaError } from "@soma/shared/errors";
import { newId } from "@soma/shared/ids";
import { readText } from "@soma/shared/read-text";
import { createQuote, ModelError, type Quote } from "../model-error.ts";
import { createAnswer } from "./answer.ts";
import { REQUEST_ID_HEADER, watchConnect } from "./connect-watch.ts";
import { type Deadlines, startDeadlines, type TimeoutsMs } from "./deadlines.ts";
import { toCallError, toResponseError } from "./errors.ts";
import { MAX_EVENT_LENGTH, readEvents } from "./sse.ts";
import { parseChunk, toWireRequest, type WireChunk } from "./wire.ts";

export interface OpenAiCompatibleOptions {
  /** Names for events, spans and people. */
  profile: string;
  provider: string;
  /** Up to and with /v1. Must not hold a user name or password. */
  baseUrl: string;
  model: string;
  /** Sent as a bearer token; left out, none is sent. Never appears in an error. */
  apiKey?: string | undefined;
  temperature?: number | undefined;
  maxOutputTokens?: number | undefined;
  timeoutsMs: TimeoutsMs;
  /** The runtime's own when left out. */
  fetch?: typeof fetch | undefined;
}

/**
 * A model behind POST {baseUrl}/chat/completions, which OpenAI, Ollama, LM Studio, vLLM, llama.cpp and most gateways speak.
 * Throws BAD_INPUT when the address or the key cannot be used at all.
 */
export function createOpenAiCompatibleClient(options: OpenAiCompatibleOptions): ModelClient {
  const fault = settingsFault(options.baseUrl, options.apiKey);
  if (fault !== undefined)
    throw new SomaError("BAD_INPUT", `model profile "${options.profile}" cannot be used: ${fault}`);
  const { profile, provider, model } = options;
  return { profile, provider, model, isAi: true, chat: (request, signal) => chat(options, request, signal) };
}

/** What keeps an address and a key from being used, in words; undefined when they can be. Never holds the key. */
export function settingsFault(baseUrl: string, apiKey: string | undefined): string | undefined {
  if (!URL.canParse(baseUrl)) return "its baseUrl is not a URL";
  const url = new URL(baseUrl);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    return `its baseUrl begins with ${url.protocol}, not with http: or https:`;
  if (url.username !== "" || url.password !== "")
    return "its baseUrl holds a user name or password; give the key through its environment variable";
  if (apiKey !== undefined && !/^[\x21-\x7e]*$/.test(apiKey.trim()))
    return "its key holds characters that an HTTP header cannot carry";
  return undefined;
}

async function* chat(
  options: OpenAiCompatibleOptions,
  request: ChatRequest,
  caller: AbortSignal,
): AsyncGenerator<ChatEvent> {
  const who = `${options.profile} (${options.model})`;
  const quote = createQuote(options.apiKey?.trim());
  const deadlines = startDeadlines(who, options.timeoutsMs, caller);
  let started = false;
  try {
    const response = await post(options, request, deadlines);
    if (!response.ok) throw await toResponseError(who, response, quote);
    started = true;
    yield* toEvents(readChunks(response, quote), deadlines, quote);
  } catch (error) {
    throw deadlines.failure() ?? toCallError(who, new URL(options.baseUrl).origin, error, started);
  } finally {
    deadlines.close();
  }
}

async function post(options: OpenAiCompatibleOptions, request: ChatRequest, deadlines: Deadlines): Promise<Response> {
  const { hostname } = new URL(options.baseUrl);
  const tokenLimitField = /(^|\.)openai\.(com|azure\.com)$/.test(hostname) ? "max_completion_tokens" : "max_tokens";
  const key = options.apiKey?.trim() ?? "";
  const requestId = newId();
  const endWatch = watchConnect(requestId, deadlines);
  try {
    return await (options.fetch ?? fetch)(`${options.baseUrl.replace(/\/+$/, "")}/chat/completions`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "text/event-stream, application/json",
        [REQUEST_ID_HEADER]: requestId,
        ...(key === "" ? {} : { authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify(toWireRequest(request, { ...options, tokenLimitField })),
      signal: deadlines.signal,
      redirect: "manual",
    });
  } finally {
    endWatch();
  }
}

async function* toEvents(
  chunks: AsyncIterable<WireChunk>,
  deadlines: Deadlines,
  quote: Quote,
): AsyncGenerator<ChatEvent> {
  const answer = createAnswer(quote);
  try {
    for await (const chunk of chunks) {
      if (chunk.alive) deadlines.token();
      if (chunk.finishReason !== null) deadlines.finished();
      const delta = answer.add(chunk);
      if (delta !== "") yield { type: "text", delta };
      throwIfOver(deadlines);
    }
  } catch (error) {
    // Nothing is missing from the answer: only the response was never ended.
    if (!deadlines.hungUp()) throw error;
  }
  for (const event of answer.end()) {
    throwIfOver(deadlines);
    yield event;
  }
}

/** A reader that aborts between two events hears of it, although the rest may have arrived already. */
function throwIfOver(deadlines: Deadlines): void {
  const failure = deadlines.failure();
  if (failure !== undefined) throw failure;
}

/** Chunks up to [DONE] or the end of the stream. A server that ignores `stream` answers with one JSON object, which is one chunk. */
async function* readChunks(response: Response, quote: Quote): AsyncGenerator<WireChunk> {
  if (response.headers.get("content-type")?.includes("json") === true) {
    const body = await readText(response.body, MAX_EVENT_LENGTH, "the answer").catch((cause: Error) => {
      throw new ModelError("MODEL_FAILED", cause.message, { cause });
    });
    yield parseChunk(body, quote);
    return;
  }
  if (response.body === null) return;
  for await (const data of readEvents(response.body)) {
    if (data.trim() === "[DONE]") return;
    if (data.trim() !== "") yield parseChunk(data, quote);
  }
}
