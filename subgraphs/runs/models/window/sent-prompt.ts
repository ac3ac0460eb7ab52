import { hash } from "node:crypto";
import type { JsonObject } from "@soma/schemas/json";
import type { SentMessage, SentPrompt } from "@soma/schemas/sent-prompt";
import { joinCut } from "@soma/sdk/estimate-tokens";
import type { ChatMessage, ChatRequest, ModelClient } from "@soma/sdk/model-client";
import { digest } from "@soma/shared/json";
import { redact } from "@soma/shared/redact";

/**
 * Characters that are kept of one text, and of all: the texts themselves stand in the history, each where it came to
 * be.
 */
const TEXT_LENGTH = 8_000;
const ALL_LENGTH = 64_000;
/** Of a text for which there is no room left. */
const LEAST_LENGTH = 200;

/** What a model is sent, as it is kept with the step; the system's message and the newest ones are kept first. */
export function toSentPrompt({ profile, model, terms }: ModelClient, request: ChatRequest): SentPrompt {
  let left = ALL_LENGTH;
  const keep = (text: string): string => {
    const kept = cut(redact(text), Math.min(TEXT_LENGTH, Math.max(LEAST_LENGTH, left)));
    left -= kept.length;
    return kept;
  };
  const [first, ...rest] = request.messages;
  const head = first === undefined ? [] : [toSent(first, keep)];
  const newest = rest.toReversed().map((message) => toSent(message, keep));
  const most = request.maxOutputTokens === undefined ? {} : { maxOutputTokens: request.maxOutputTokens };
  const output = request.output === undefined ? {} : { output: request.output.name };
  return {
    profile,
    model,
    params: { ...(terms?.params ?? ({} as JsonObject)), ...most, ...output },
    messages: [...head, ...newest.reverse()],
    tools: request.tools.map(({ name, ...tool }) => ({ name, sha256: digest(tool) })),
  };
}

function toSent(message: ChatMessage, keep: (text: string) => string): SentMessage {
  const { role, content } = message;
  const calls = role === "assistant" ? (message.toolCalls ?? []) : [];
  return {
    role,
    text: keep(content),
    bytes: Buffer.byteLength(content),
    sha256: hash("sha256", content, "hex"),
    calls: calls.map(({ id, name, arguments: written }) => ({ id, name, arguments: keep(written) })),
    toolCallId: role === "tool" ? message.toolCallId : null,
  };
}

function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const each = Math.floor(length / 2);
  return joinCut(text.slice(0, each), text.slice(-each), text.length - 2 * each);
}
