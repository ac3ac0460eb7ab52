import type { JsonObject } from "@soma/schemas/json";
import type { ChatEvent, ModelUsage } from "@soma/sdk/model-client";
import { blankAnswer, MAX_ANSWER_BYTES, tooLongAnswer, toReason } from "../answer-end.ts";
import { ModelError } from "../model-error.ts";
import { createSpokenText } from "../spoken-text.ts";
import type { Said } from "../thinking-tags.ts";
import { createCalls } from "./calls.ts";
import { mergeExtra } from "./merge-extra.ts";
import type { WireChunk } from "./wire-chunk.ts";

export interface Answer {
  /** Takes the next chunk and gives what it says. Throws MODEL_FAILED when the answer grows beyond its bounds. */
  add(chunk: WireChunk): Said[];
  /** The rest of the text, the tool calls and the finish. Throws when the stream ended too early, or held no answer. */
  end(): ChatEvent[];
  /** What the server said so far of the tokens that it used. */
  usage(): ModelUsage | null;
}

export interface AnswerOptions {
  /** Name of the server and model, for what is only for them. */
  by: string;
  /** Tools that the model was offered. */
  tools: readonly string[];
}

/** Puts an answer together from its chunks. */
export function createAnswer({ by, tools }: AnswerOptions): Answer {
  const calls = createCalls(tools);
  const spoken = createSpokenText();
  let bytes = 0;
  let finishReason: string | null = null;
  let usage: WireChunk["usage"] = null;
  let response: WireChunk["response"];
  let extra: JsonObject = {};
  let stray: string | undefined;

  return {
    add(chunk) {
      stray ??= chunk.stray;
      finishReason = chunk.finishReason ?? finishReason;
      usage = chunk.usage ?? usage;
      response ??= chunk.response;
      bytes += sizeOf(chunk);
      if (bytes > MAX_ANSWER_BYTES) throw tooLongAnswer();
      calls.add(chunk.toolCalls, chunk.isWhole);
      extra = mergeExtra(extra, chunk.extra);
      const thought: Said[] = chunk.thinking === "" ? [] : [{ type: "thinking", delta: chunk.thinking }];
      return [...thought, ...spoken.add(chunk.text)];
    },
    end() {
      const rest = spoken.end();
      const made = calls.end();
      if (stray !== undefined && finishReason === null && bytes === 0)
        throw new ModelError("MODEL_FAILED", `the stream holds JSON that is not a part of an answer: ${stray}`);
      const reason = toReason(finishReason, made.length > 0);
      if (spoken.isBlank() && made.length === 0) throw blankAnswer(reason);
      const isGiven = made.length > 0 || Object.keys(extra).length > 0;
      return [
        ...rest,
        ...made.map((call) => ({ type: "toolCall", call }) as const),
        { type: "finish", reason, usage, response, ...(isGiven ? { given: { by, fields: extra } } : {}) },
      ];
    },
    usage: () => usage,
  };
}

function sizeOf({ text, thinking, toolCalls, extra }: WireChunk): number {
  const more = [extra, ...toolCalls.map((call) => call.extra)].filter((fields) => Object.keys(fields).length > 0);
  const written = toolCalls.map((call) => call.arguments);
  return [text, thinking, ...written, ...more.map((fields) => JSON.stringify(fields))].reduce(
    (sum, part) => sum + Buffer.byteLength(part),
    0,
  );
}
