import type { ChatEvent, ChatRequest, ModelClient } from "@soma/sdk/model-client";
import { toSomaError } from "@soma/shared/errors";
import { beginSpan } from "@soma/shared/telemetry";
import { DURATION, FIRST_CHUNK, GEN_AI, OPERATION, TOKENS, toLabels } from "./gen-ai.ts";

type Finish = Extract<ChatEvent, { type: "finish" }>;
export type Values = Record<string, string | number | boolean | string[]>;

/** What is known of a call when it is over. */
interface Came {
  finish?: Finish;
  firstChunkSeconds?: number;
  /** A code of the error catalogue; CANCELED also where nobody read the answer to its end. */
  error: string | undefined;
}

/** A model each of whose calls is a span and counted; never with a word of what was said. */
export function tracedModel(client: ModelClient, { sessionId }: { sessionId: string }): ModelClient {
  const { profile, provider, model, isAi, terms } = client;
  const traced = { profile, provider, model, isAi, ...(terms === undefined ? {} : { terms }) };
  return { ...traced, chat: (request, signal) => chat(client, sessionId, request, signal) };
}

async function* chat(
  client: ModelClient,
  sessionId: string,
  request: ChatRequest,
  signal: AbortSignal,
): AsyncGenerator<ChatEvent> {
  const asked = toAsked(client, request);
  const span = beginSpan(`${OPERATION.chat} ${client.model}`, "CLIENT", { ...asked, [GEN_AI.conversation]: sessionId });
  const begunAt = performance.now();
  const seconds = (): number => (performance.now() - begunAt) / 1_000;
  const came: Came = { error: "CANCELED" };
  try {
    for await (const event of client.chat(request, signal)) {
      if (event.type !== "note" && event.type !== "sent") came.firstChunkSeconds ??= seconds();
      if (event.type === "finish") Object.assign(came, { finish: event, error: undefined });
      yield event;
    }
  } catch (error) {
    came.error = toSomaError(error).code;
    throw error;
  } finally {
    span.end(toAnswered(came), came.error !== undefined);
    count(asked, came, seconds());
  }
}

function toAsked(client: ModelClient, { maxOutputTokens, output }: ChatRequest): Values {
  const { terms } = client;
  const { temperature, topP, seed } = terms?.params ?? {};
  return known({
    ...toWho(OPERATION.chat, client),
    [GEN_AI.requestStream]: true,
    [GEN_AI.outputType]: output && "json",
    [GEN_AI.maxTokens]: maxOutputTokens ?? terms?.maxOutputTokens,
    [GEN_AI.temperature]: temperature,
    [GEN_AI.topP]: topP,
    [GEN_AI.seed]: seed,
  });
}

/** Who is asked for what. */
export function toWho(
  operation: string,
  { provider, model, servedBy }: Pick<ModelClient, "provider" | "model" | "servedBy">,
): Values {
  return known({
    [GEN_AI.operation]: operation,
    [GEN_AI.provider]: servedBy?.provider ?? provider,
    [GEN_AI.requestModel]: model,
    [GEN_AI.serverAddress]: servedBy?.address,
    [GEN_AI.serverPort]: servedBy?.port,
  });
}

function toAnswered({ finish, firstChunkSeconds, error }: Came): Values {
  return known({
    [GEN_AI.responseId]: finish?.response?.id,
    [GEN_AI.responseModel]: finish?.response?.model,
    [GEN_AI.finishReasons]: finish && [finish.reason],
    [GEN_AI.timeToFirstChunk]: firstChunkSeconds,
    [GEN_AI.inputTokens]: finish?.usage?.inputTokens,
    [GEN_AI.cachedTokens]: finish?.usage?.cachedInputTokens,
    [GEN_AI.outputTokens]: finish?.usage?.outputTokens,
    [GEN_AI.errorType]: error,
  });
}

function count(asked: Values, { finish, firstChunkSeconds, error }: Came, seconds: number): void {
  const labels = toLabels(asked);
  DURATION.observe(error === undefined ? labels : { ...labels, error_type: error }, seconds);
  if (firstChunkSeconds !== undefined) FIRST_CHUNK.observe(labels, firstChunkSeconds);
  // What a server does not tell is not counted: an estimate is no usage.
  const { inputTokens, outputTokens } = finish?.usage ?? {};
  if (inputTokens !== undefined) TOKENS.observe({ ...labels, gen_ai_token_type: "input" }, inputTokens);
  if (outputTokens !== undefined) TOKENS.observe({ ...labels, gen_ai_token_type: "output" }, outputTokens);
}

export function known(values: Record<string, unknown>): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Values;
}
