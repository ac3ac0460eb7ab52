import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import type { ModelProfile } from "@soma/conf/models";
import { isRecord } from "@soma/schemas/json";
import type { ChatEvent, ChatRequest, ModelClient } from "@soma/sdk/model-client";
import { placeOf } from "../http/address.ts";
import { type Deadlines, startDeadlines, type TimeoutsMs } from "../http/deadlines.ts";
import { NOTE_OF, type Quirk, quirkOf } from "../http/quirks.ts";
import { quirksOf, throwIfOver } from "../http/server-client.ts";
import { createQuote } from "../model-error.ts";
import { outputLimit } from "../output-limit.ts";
import { type Progress, spentOn } from "../spent.ts";
import { createAnswer } from "./answer.ts";
import { toAiSdkError } from "./call-error.ts";
import { AsksTooMuch, capBedrock } from "./cap-bedrock.ts";
import { loadPackage, type MakeModel } from "./load-model.ts";
import { toCallOptions } from "./prompt.ts";
import { watchedFetch } from "./watched-fetch.ts";

export interface AiSdkOptions {
  /** Names for events, spans and people. */
  profile: string;
  provider: string;
  model: string;
  /** The package that knows the model's provider, such as @ai-sdk/anthropic. */
  package: string;
  /** What the package's provider is made with, in its own names. */
  settings: Readonly<Record<string, unknown>>;
  /** Those of the settings that must never appear in an error. */
  secrets: readonly string[];
  params?: ModelProfile["params"] | undefined;
  /** False asks it without tools, or without a schema of its answer, from the begin. */
  capabilities?: Pick<NonNullable<ModelProfile["capabilities"]>, "tools" | "json"> | undefined;
  /** Passed with each request to the package. */
  providerOptions?: LanguageModelV4CallOptions["providerOptions"] | undefined;
  timeoutsMs: TimeoutsMs;
  /** The runtime's own when left out. */
  fetch?: typeof fetch | undefined;
}

/**
 * A model by its provider's package of the AI SDK, for providers with a wire of their own. Only the package's model
 * object is used: rounds of tools, retries and deadlines stay with the engine. The package is loaded with the first
 * call.
 */
export function createAiSdkClient(options: AiSdkOptions): ModelClient {
  const { profile, provider, model } = options;
  let loading: Promise<MakeModel<LanguageModelV4>> | undefined;
  const load = (): Promise<MakeModel<LanguageModelV4>> => {
    loading ??= loadPackage(options.package, "doStream");
    return loading;
  };
  const caller = { ...options, load, quirks: quirksOf(options.capabilities) };
  return { profile, provider, model, isAi: true, chat: (request, signal) => chat(caller, request, signal) };
}

interface Caller extends AiSdkOptions {
  load(): Promise<MakeModel<LanguageModelV4>>;
  /** What its server does not take, as far as it is known. */
  quirks: Set<Quirk>;
}

/** Where the model is, as people read it. */
export function addressOf({ settings, package: name }: Pick<AiSdkOptions, "settings" | "package">): string {
  return typeof settings.baseURL === "string" ? placeOf(settings.baseURL) : name;
}

async function* chat(options: Caller, request: ChatRequest, caller: AbortSignal): AsyncGenerator<ChatEvent> {
  const { profile, model, settings, package: name, quirks } = options;
  const who = `${profile} (${model})`;
  const address = addressOf(options);
  const by = `${model} at ${address}, by ${name}`;
  const quote = createQuote(...options.secrets);
  const deadlines = startDeadlines(who, options.timeoutsMs, caller);
  const answer = createAnswer(by, quote);
  const progress = { hasBegun: false, hasHeard: false };
  try {
    throwIfOver(deadlines);
    const most = outputLimit(request, options.params);
    const made = (await options.load())(model, { ...settings, fetch: watchedFetch(options.fetch, deadlines, most) });
    const { stream } = await ask(request, quirks, (asked) => {
      const called = { ...toCallOptions(asked, { ...options, by }), abortSignal: deadlines.signal };
      return within(most, called, (limited) => made.doStream(limited));
    });
    progress.hasBegun = true;
    if (quirks.has("NO_TOOLS") && request.tools.length > 0) yield { type: "note", text: NOTE_OF.NO_TOOLS };
    if (quirks.has("NO_JSON_SCHEMA") && request.output !== undefined)
      yield { type: "note", text: NOTE_OF.NO_JSON_SCHEMA };
    yield* toEvents(stream, answer, deadlines, progress);
  } catch (error) {
    const spent = spentOn(error, progress, answer.usage());
    throw deadlines.failure() ?? (await toAiSdkError(error, { who, address, quote, spent }));
  } finally {
    deadlines.close();
  }
}

/** Asks without what the server does not take; that it takes no schema it says when it is asked first. */
async function ask<T>(
  { tools, output, ...rest }: ChatRequest,
  quirks: Set<Quirk>,
  send: (asked: ChatRequest) => PromiseLike<T>,
): Promise<T> {
  const asked = { ...rest, tools: quirks.has("NO_TOOLS") ? [] : tools };
  if (output === undefined || quirks.has("NO_JSON_SCHEMA")) return send(asked);
  try {
    return await send({ ...asked, output });
  } catch (error) {
    const { statusCode, responseBody } = isRecord(error) ? error : {};
    const refusal = { status: Number(statusCode), said: String(responseBody) };
    if (quirkOf(refusal, quirks, { possible: ["NO_JSON_SCHEMA"] }) === undefined) throw error;
    const answered = await send(asked);
    quirks.add("NO_JSON_SCHEMA");
    return answered;
  }
}

/** Sends what asks for no more tokens than it may; what its package signs is made anew where it asks for more. */
async function within<T>(
  most: number | undefined,
  options: LanguageModelV4CallOptions,
  send: (options: LanguageModelV4CallOptions) => PromiseLike<T>,
): Promise<T> {
  try {
    return await send(options);
  } catch (error) {
    if (!(error instanceof AsksTooMuch) || most === undefined) throw error;
    return send(capBedrock(options, { thinking: error.thinking, most }));
  }
}

async function* toEvents(
  stream: ReadableStream<LanguageModelV4StreamPart>,
  answer: ReturnType<typeof createAnswer>,
  deadlines: Deadlines,
  progress: Progress,
): AsyncGenerator<ChatEvent> {
  for await (const part of stream) {
    const { events, isAlive, isLast } = answer.add(part);
    progress.hasHeard ||= isAlive || isLast;
    if (isAlive) deadlines.token();
    yield* events;
    throwIfOver(deadlines);
    if (isLast) break;
  }
  for (const event of answer.end()) {
    throwIfOver(deadlines);
    yield event;
  }
}
