import { isRecord } from "@soma/schemas/json";
import type { Asked, Door } from "../model-server.ts";
import type { ModelAnswer } from "../wire-stream.ts";
import { openai } from "./openai.ts";

/** Where a server of chat completions is another than OpenAI's. */
export interface ChatHabits extends Partial<Pick<Door, "base" | "operation" | "keyOf" | "error">> {
  /** Throws BadRequest for what this server refuses beside what OpenAI's does. */
  check?(body: Record<string, unknown>, query: URLSearchParams): void;
  /** The chunks of a stream, before [DONE]. */
  chunks(answer: ModelAnswer, asked: Asked): object[];
}

export function chatDoor({ check, chunks, ...rest }: ChatHabits): Door {
  return {
    ...openai,
    ...rest,
    read(body, request) {
      check?.(body, request.query);
      return openai.read(body, request);
    },
    lines: (answer, asked) => [
      ...chunks(answer, asked).map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`),
      "data: [DONE]\n\n",
    ],
  };
}

/** A chunk with its one choice. */
export function chunkOf(delta: object, finishReason: string | null = null, more: object = {}): object {
  const head = { id: "chatcmpl-test", object: "chat.completion.chunk", created: 1_700_000_000, model: "test-model" };
  return { ...head, choices: [{ index: 0, delta, finish_reason: finishReason }], ...more };
}

/** What a server that makes no mistakes says at the end. */
export const reasonOf = ({ toolCalls }: ModelAnswer): string => (toolCalls.length > 0 ? "tool_calls" : "stop");

export type WireMessage = Record<string, unknown>;
export type WireCall = Record<string, unknown> & { id?: unknown; function: Record<string, unknown> };

export function messagesIn(body: Record<string, unknown>): WireMessage[] {
  return Array.isArray(body.messages) ? (body.messages as unknown[]).filter(isRecord) : [];
}

export function callsIn({ tool_calls: calls }: WireMessage): WireCall[] {
  return Array.isArray(calls) ? (calls as WireCall[]) : [];
}
