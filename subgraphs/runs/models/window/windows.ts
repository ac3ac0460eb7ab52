import { integer } from "@soma/shared/config";

/** The setting of models whose profile does not say how much they can read. */
export const windowSetting = {
  contextTokens: integer({
    env: "SOMA_MODEL_CONTEXT_TOKENS",
    doc: "tokens that a request and its answer may have together, where the profile does not say contextTokens",
    default: 32_768,
    min: 1_024,
    max: 100_000_000,
  }),
};

/** How much the models of a process can read, as their profiles say and as their servers turned out to take. */
export interface Windows {
  /** Tokens that a prompt and its answer may have together. */
  contextTokens(model: Model): number;
  /** Tokens that a prompt may have. */
  promptTokens(model: Model): number;
  /**
   * A server refused a prompt that was taken for so many tokens; gives how many the next one may have, and keeps to it.
   */
  refused(model: Model, prompt: number, message: string): number;
}

interface Model {
  profile: string;
  model: string;
  terms?: { maxOutputTokens?: number | undefined; contextTokens?: number | undefined };
}

/** Room for an answer whose length nobody limits. */
const ANSWER_TOKENS = 4_096;
/** Of what a server says it takes: an estimate is not the same for every text. */
const MARGIN = 0.9;
/** Of what was sent to a server that does not say how much it takes. */
const BLIND = 1 / 4;

export function createWindows(defaultTokens: number): Windows {
  /** As long as the process lives: a server that is restarted with more room is asked for it when this one is, too. */
  const learned = new Map<string, number>();
  const nameOf = ({ profile, model }: Model): string => JSON.stringify([profile, model]);
  const contextTokens = ({ terms }: Model): number => terms?.contextTokens ?? defaultTokens;
  return {
    contextTokens,
    promptTokens(model) {
      const tokens = contextTokens(model);
      const { maxOutputTokens = ANSWER_TOKENS } = model.terms ?? {};
      // A model that may answer with all it can read is not left without a question.
      const answer = Math.min(maxOutputTokens, Math.floor(tokens / 4));
      return Math.min(tokens - answer, learned.get(nameOf(model)) ?? Number.POSITIVE_INFINITY);
    },
    refused(model, prompt, message) {
      const fitting = Math.floor(prompt * shareThatFits(message));
      learned.set(nameOf(model), fitting);
      return fitting;
    },
  };
}

/** How servers name a prompt that is too long; some say it in a code alone, which our error repeats. */
const TOO_LONG = [
  /context[_ ](?:length|window|size)/i,
  /maximum context/i,
  /(?:prompt|input|request) (?:is )?too (?:long|large)/i,
  /too many (?:input )?tokens/i,
  /token count .{0,40}exceeds/i,
];

export function saysTooLong(message: string): boolean {
  return TOO_LONG.some((shape) => shape.test(message));
}

/** An answer of fewer tokens is not worth leaving the prompt as it is. */
const LEAST_ANSWER = 256;
const ROOM = /maximum context length is (\d+) tokens.*(?:\((\d+) in the messages|your request has (\d+) input tokens)/s;

/** Tokens an answer may have beside the prompt, where a server says that only both together are too long. */
export function answerThatFits(message: string): number | undefined {
  const [, most, ...prompts] = ROOM.exec(message) ?? [];
  const room = Number(most) - Number(prompts.find((prompt) => prompt !== undefined));
  return room >= LEAST_ANSWER ? room : undefined;
}

/**
 * Which part of a prompt fits, where a server tells how much it takes and how much it was given: "4096 tokens, however
 * you requested 5000".
 */
function shareThatFits(message: string): number {
  const numbers = (message.match(/\d[\d,]*/g) ?? [])
    .map((text) => Number(text.replaceAll(",", "")))
    .filter((number) => number >= 256 && number < 100_000_000);
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return numbers.length < 2 || least === most ? BLIND : Math.min((least / most) * MARGIN, MARGIN);
}
