import type { ModelProfile } from "@soma/conf/models";
import type { ChatEvent, ChatMessage, ChatRequest, ModelClient, ModelUsage } from "@soma/sdk/model-client";
import { SomaError } from "@soma/shared/errors";
import { createQuote, type Quote } from "../model-error.ts";
import { type Progress, spentOn } from "../spent.ts";
import { basesOf, placeOf } from "./address.ts";
import { askServer, type Learned } from "./ask-server.ts";
import { type Deadlines, startDeadlines, type TimeoutsMs } from "./deadlines.ts";
import { toCallError } from "./errors.ts";
import { settingsFault } from "./key.ts";
import { postJson } from "./post-json.ts";
import { NOTE_OF, type Quirk } from "./quirks.ts";
import { readJson } from "./read-json.ts";
import { MAX_EVENT_LENGTH } from "./sse.ts";

export interface ServerClientOptions {
  /** Names for events, spans and people. */
  profile: string;
  provider: string;
  /** What its operations have in common, such as http://127.0.0.1:11434/v1. Must not hold a user name or password. */
  baseUrl: string;
  model: string;
  /** Sent as a bearer token; left out, none is sent. Never appears in an error. */
  apiKey?: string | undefined;
  params?: ModelProfile["params"] | undefined;
  /** False asks it without tools, or without a schema of its answer, from the begin. */
  capabilities?: Pick<NonNullable<ModelProfile["capabilities"]>, "tools" | "json"> | undefined;
  timeoutsMs: TimeoutsMs;
  /** The runtime's own when left out. */
  fetch?: typeof fetch | undefined;
}

/** How a client asks one kind of server, and how it reads what comes; everything else of a call is the same for all. */
export interface Dialect {
  /** Of the base address, such as "/responses". */
  operation: string;
  /** Server and model in one: what they give of their own goes back to them alone, and in this dialect. */
  nameOf(options: ServerClientOptions): string;
  /** What can be left out of a request when a server refuses it. */
  possible: readonly Quirk[];
  toBody(request: ChatRequest, asked: { by: string; quirks: ReadonlySet<Quirk> }): Record<string, unknown>;
  /** Names of the fields in a request that the server named `by` gave. */
  extraFields(messages: readonly ChatMessage[], by: string): string[];
  createReader(params: { by: string; tools: readonly string[]; quote: Quote }): AnswerReader;
}

/** Puts one answer together from what a server sends of it. */
interface AnswerReader {
  /**
   * Takes the next JSON text of the answer. Throws MODEL_FAILED for what is none, and for an answer beyond its bounds.
   */
  add(json: string): Heard;
  /** The rest of the answer and its finish. Throws when it ended too early, or when nothing was said. */
  end(): ChatEvent[];
  /** What the server said so far of the tokens that it used. */
  usage(): ModelUsage | null;
}

export interface Heard {
  events: ChatEvent[];
  /** True when the model made something. */
  isAlive: boolean;
  /** True when the answer is whole, and only words about it may follow. */
  isLast: boolean;
}

/**
 * A model behind a server that answers over HTTP, in JSON or as server-sent events. Throws BAD_INPUT when the address
 * or the key cannot be used at all.
 */
export function createServerClient(options: ServerClientOptions, dialect: Dialect): ModelClient {
  const { profile, provider, model } = options;
  checkSettings(options);
  const learned: Learned = {
    base: undefined,
    quirks: quirksOf(options.capabilities),
  };
  const caller = { ...options, dialect, learned };
  return { profile, provider, model, isAi: true, chat: (request, signal) => chat(caller, request, signal) };
}

/** Throws BAD_INPUT for an address or a key that cannot be used at all. */
export function checkSettings({ profile, baseUrl, apiKey }: ServerClientOptions): void {
  const fault = settingsFault(baseUrl, apiKey);
  if (fault !== undefined) throw new SomaError("BAD_INPUT", `model profile "${profile}" cannot be used: ${fault}`);
}

/** What a profile says that its server does not take. */
export function quirksOf({ tools, json }: NonNullable<ServerClientOptions["capabilities"]> = {}): Set<Quirk> {
  return new Set<Quirk>([
    ...(tools === false ? ["NO_TOOLS" as const] : []),
    ...(json === false ? ["NO_JSON_SCHEMA" as const] : []),
  ]);
}

/** What of a request can be left out, which has it. */
function isIn({ tools, output }: ChatRequest): (quirk: Quirk) => boolean {
  return (quirk) => (quirk === "NO_TOOLS" ? tools.length > 0 : quirk !== "NO_JSON_SCHEMA" || output !== undefined);
}

type Caller = ServerClientOptions & { dialect: Dialect; learned: Learned };

async function* chat(options: Caller, request: ChatRequest, caller: AbortSignal): AsyncGenerator<ChatEvent> {
  const { dialect, learned, baseUrl, model } = options;
  const who = `${options.profile} (${model})`;
  const by = dialect.nameOf(options);
  const quote = quoteOf(options);
  const deadlines = startDeadlines(who, options.timeoutsMs, caller);
  const reader = dialect.createReader({ by, tools: request.tools.map(({ name }) => name), quote });
  const progress: Progress = { hasBegun: false, hasHeard: false };
  try {
    const post = (base: string, quirks: ReadonlySet<Quirk>) =>
      postJson(options, {
        ...{ base, operation: dialect.operation, deadlines },
        body: dialect.toBody(request, { by, quirks }),
      });
    const { body, found } = await askServer({
      ...{ who, bases: basesOf(baseUrl), learned, quote, possible: dialect.possible.filter(isIn(request)) },
      async post(base, quirks) {
        progress.hasBegun = false;
        const response = await post(base, quirks);
        progress.hasBegun = response.ok;
        return response;
      },
      extra: dialect.extraFields(request.messages, by),
      answer: { fields: ["choices", "output"], mostBytes: MAX_EVENT_LENGTH },
    });
    for (const quirk of [...found.quirks].filter(isIn(request))) {
      const text = NOTE_OF[quirk];
      if (text !== undefined) yield { type: "note", text };
    }
    const hear = (): void => {
      progress.hasHeard = true;
      Object.assign(learned, found);
    };
    yield* toEvents(readJson(body), { reader, deadlines, hear });
  } catch (error) {
    const spent = spentOn(error, progress, reader.usage());
    throw deadlines.failure() ?? toCallError(who, new URL(baseUrl).origin, error, spent);
  } finally {
    deadlines.close();
  }
}

/** What an error may repeat of a server: neither its key, nor those in its address. */
export function quoteOf({ apiKey, baseUrl }: ServerClientOptions): Quote {
  return createQuote(apiKey?.trim(), ...secretsIn(baseUrl));
}

/** Values of an address's query that may be keys; what servers repeat of the others says what is wrong. */
function secretsIn(baseUrl: string): string[] {
  const said = /^(?:(?:api[-_])?version|model|deployment|region|location|project)$/i;
  return [...new URL(baseUrl).searchParams].flatMap(([name, value]) => (said.test(name) ? [] : value));
}

/** Server and model, for most dialects. */
export function modelAt({ baseUrl, model }: ServerClientOptions): string {
  return `${model} at ${placeOf(baseUrl)}`;
}

async function* toEvents(
  texts: AsyncIterable<string>,
  { reader, deadlines, hear }: { reader: AnswerReader; deadlines: Deadlines; hear(): void },
): AsyncGenerator<ChatEvent> {
  try {
    for await (const json of texts) {
      const { events, isAlive, isLast } = reader.add(json);
      if (isAlive || isLast) hear();
      if (isAlive) deadlines.token();
      if (isLast) deadlines.finished();
      yield* events;
      throwIfOver(deadlines);
    }
  } catch (error) {
    // Nothing is missing from the answer: only the response was never ended.
    if (!deadlines.hungUp()) throw error;
  }
  for (const event of reader.end()) {
    throwIfOver(deadlines);
    yield event;
  }
}

/** A reader that aborts between two events hears of it, although the rest may have arrived already. */
export function throwIfOver(deadlines: Pick<Deadlines, "failure">): void {
  const failure = deadlines.failure();
  if (failure !== undefined) throw failure;
}
