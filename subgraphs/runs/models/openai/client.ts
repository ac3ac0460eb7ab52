import type { ModelProfile } from "@soma/conf/models";
import type { ChatEvent, ChatRequest, ModelClient } from "@soma/sdk/model-client";
import { SomaError } from "@soma/shared/errors";
import { newId } from "@soma/shared/ids";
import { createQuote } from "../model-error.ts";
import { basesOf, operationAt, placeOf } from "./address.ts";
import { type Answer, createAnswer } from "./answer.ts";
import { askServer, type Learned } from "./ask-server.ts";
import { REQUEST_ID_HEADER, watchConnect } from "./connect-watch.ts";
import { type Deadlines, startDeadlines, type TimeoutsMs } from "./deadlines.ts";
import { toCallError } from "./errors.ts";
import { NOTE_OF, type Quirk } from "./quirks.ts";
import { readChunks } from "./read-chunks.ts";
import type { WireChunk } from "./wire-chunk.ts";
import { extraFields, toWireRequest } from "./wire-request.ts";

export interface OpenAiCompatibleOptions {
  /** Names for events, spans and people. */
  profile: string;
  provider: string;
  /** What its operations have in common, such as http://127.0.0.1:11434/v1. Must not hold a user name or password. */
  baseUrl: string;
  model: string;
  /** Sent as a bearer token; left out, none is sent. Never appears in an error. */
  apiKey?: string | undefined;
  params?: ModelProfile["params"] | undefined;
  /** False asks it without tools from the begin. */
  capabilities?: Pick<NonNullable<ModelProfile["capabilities"]>, "tools"> | undefined;
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
  const learned: Learned = {
    base: undefined,
    quirks: new Set(options.capabilities?.tools === false ? ["NO_TOOLS"] : []),
  };
  return {
    profile,
    provider,
    model,
    isAi: true,
    chat: (request, signal) => chat({ ...options, learned }, request, signal),
  };
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

type Caller = OpenAiCompatibleOptions & { learned: Learned };

async function* chat(options: Caller, request: ChatRequest, caller: AbortSignal): AsyncGenerator<ChatEvent> {
  const { learned, baseUrl, model, apiKey } = options;
  const who = `${options.profile} (${model})`;
  const quote = createQuote(apiKey?.trim(), ...new URL(baseUrl).searchParams.values());
  const deadlines = startDeadlines(who, options.timeoutsMs, caller);
  let started = false;
  try {
    const bases = basesOf(baseUrl);
    const post = postWith(options, request, deadlines);
    const extra = extraFields(request.messages, nameOf(options));
    const response = await askServer({ who, bases, learned, quote, post, extra });
    started = true;
    for (const quirk of request.tools.length === 0 ? [] : learned.quirks) {
      const text = NOTE_OF[quirk];
      if (text !== undefined) yield { type: "note", text };
    }
    const answer = createAnswer({ by: nameOf(options), tools: request.tools.map(({ name }) => name) });
    yield* toEvents(readChunks(response.body ?? nothing(), quote), answer, deadlines);
  } catch (error) {
    throw deadlines.failure() ?? toCallError(who, new URL(baseUrl).origin, error, started);
  } finally {
    deadlines.close();
  }
}

/** Server and model in one. */
function nameOf({ baseUrl, model }: OpenAiCompatibleOptions): string {
  return `${model} at ${placeOf(baseUrl)}`;
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function postWith(options: OpenAiCompatibleOptions, request: ChatRequest, deadlines: Deadlines) {
  const { hostname } = new URL(options.baseUrl);
  const tokenLimitField = /(^|\.)openai\.(com|azure\.com)$/.test(hostname) ? "max_completion_tokens" : "max_tokens";
  return async (base: string, quirks: ReadonlySet<Quirk>): Promise<Response> => {
    const requestId = newId();
    const endWatch = watchConnect(requestId, deadlines);
    try {
      return await (options.fetch ?? fetch)(operationAt(base, "/chat/completions"), {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "text/event-stream, application/json",
          [REQUEST_ID_HEADER]: requestId,
          ...keyHeaders(hostname, options.apiKey?.trim() ?? ""),
        },
        body: JSON.stringify(toWireRequest(request, { ...options, by: nameOf(options), quirks, tokenLimitField })),
        signal: deadlines.signal,
        redirect: "manual",
      });
    } finally {
      endWatch();
    }
  };
}

/** Azure takes a key in a header of its own, and a token of a person where others take keys. */
function keyHeaders(hostname: string, key: string): Record<string, string> {
  if (key === "") return {};
  const isAzure = /\.azure(?:-api\.net|\.com|\.us|\.cn)$/.test(hostname);
  return isAzure && !key.startsWith("ey") ? { "api-key": key } : { authorization: `Bearer ${key}` };
}

async function* toEvents(
  chunks: AsyncIterable<WireChunk>,
  answer: Answer,
  deadlines: Deadlines,
): AsyncGenerator<ChatEvent> {
  try {
    for await (const chunk of chunks) {
      if (chunk.alive) deadlines.token();
      if (chunk.finishReason !== null) deadlines.finished();
      yield* answer.add(chunk);
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
