import { countPrompt } from "@soma/sdk/fit-prompt";
import type { ChatEvent, ChatRequest, ModelClient } from "@soma/sdk/model-client";
import { SomaError } from "@soma/shared/errors";
import { toSentPrompt } from "./sent-prompt.ts";
import { answerThatFits, saysTooLong, type Windows } from "./windows.ts";

/**
 * A model that is sent what it can read, and tells what that was. Where its server says that a prompt is too long, a
 * shorter one is sent at once, and none that is longer later; where it is too long only with the answer, a shorter
 * answer is asked for.
 */
export function windowedModel(client: ModelClient, windows: Windows): ModelClient {
  const { profile, provider, model, isAi, terms } = client;
  const known = { ...terms, contextTokens: windows.contextTokens(client) };
  return {
    profile,
    provider,
    model,
    isAi,
    terms: known,
    chat: (request, signal) => chat(client, windows, request, signal),
  };
}

async function* chat(
  client: ModelClient,
  windows: Windows,
  request: ChatRequest,
  signal: AbortSignal,
): AsyncGenerator<ChatEvent> {
  const { fit, ...given } = request;
  if (fit === undefined) return yield* send(client, given, undefined, signal);
  const first = fit(windows.promptTokens(client));
  let hasBegun = false;
  try {
    for await (const event of send(client, { ...given, messages: first.messages }, first.leftOut, signal)) {
      hasBegun ||= event.type !== "sent";
      yield event;
    }
  } catch (error) {
    if (hasBegun || !(error instanceof SomaError) || !saysTooLong(error.message)) throw error;
    const room = answerThatFits(error.message);
    if (room !== undefined && room < (given.maxOutputTokens ?? Number.POSITIVE_INFINITY)) {
      const { messages, leftOut } = first;
      return yield* send(client, { ...given, messages, maxOutputTokens: room }, leftOut, signal);
    }
    const shorter = fit(windows.refused(client, countPrompt({ ...given, messages: first.messages }), error.message));
    yield* send(client, { ...given, messages: shorter.messages }, shorter.leftOut, signal);
  }
}

/** What was sent first, then what is said; what was left out is noted once the model takes the rest. */
async function* send(
  client: ModelClient,
  request: ChatRequest,
  leftOut: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<ChatEvent> {
  yield { type: "sent", prompt: toSentPrompt(client, request) };
  let note = leftOut;
  for await (const event of client.chat(request, signal)) {
    if (note !== undefined) yield { type: "note", text: note };
    note = undefined;
    yield event;
  }
}
