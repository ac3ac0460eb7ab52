import { cutMiddle, estimateTokens } from "./estimate-tokens.ts";
import {
  type ChatMessage,
  type ChatRequest,
  type Fitted,
  MEMORY_HEADING,
  type ToolDefinition,
} from "./model-client.ts";
import type { SessionSummary, SessionTurn } from "./services.ts";

/** What a prompt is made of. */
export interface PromptParts {
  instructions: string;
  /** The best first. */
  memories: readonly string[];
  /** What lies before the turns. */
  summary?: SessionSummary | undefined;
  /** Earlier questions and answers, oldest first. */
  turns: readonly SessionTurn[];
  question: string;
  /** What the model and its tools said since. */
  said: readonly ChatMessage[];
  tools: readonly ToolDefinition[];
}

/** What servers put around each message. */
const AROUND_MESSAGE = 8;
/** What telling of what is missing may take. */
const NOTICE_TOKENS = 80;

/** The largest parts of the room that these may take, once not everything fits. */
const SHARE = { question: 1 / 4, newestRound: 1 / 4, round: 1 / 16, memories: 1 / 8, summary: 1 / 8, turnText: 1 / 8 };

/** A request of these parts, which fits itself into what its model can read. */
export function toChatRequest(parts: PromptParts): ChatRequest {
  const { tools } = parts;
  return { messages: toMessages(parts, ""), tools, fit: (tokens) => fitPrompt(parts, tokens) };
}

/**
 * The messages of a prompt that fit into so many tokens. As long as everything fits, nothing is touched. Then each part
 * has a share; what is longer is cut in its middle, with a mark, and turns and rounds of calls are kept whole, the
 * newest first, until the next older one does not fit. What is missing is told to the model, and given back in words.
 */
export function fitPrompt(parts: PromptParts, tokens: number): Fitted {
  const room = Math.max(tokens - toolTokens(parts.tools), Math.floor(tokens / 4));
  const whole = toMessages(parts, "");
  if (countTokens(whole) <= room) return { messages: whole, leftOut: undefined };
  return shrink(parts, room);
}

/** Tokens that a request is taken for. */
export function countPrompt({ messages, tools }: Pick<ChatRequest, "messages" | "tools">): number {
  return countTokens(messages) + toolTokens(tools);
}

function toolTokens(tools: readonly ToolDefinition[]): number {
  return estimateTokens(JSON.stringify(tools));
}

/** What goes back to a server unchanged counts, too. */
function countTokens(messages: readonly ChatMessage[]): number {
  return messages.reduce((sum, message) => sum + AROUND_MESSAGE + tokensOf(message), 0);
}

function tokensOf(message: ChatMessage): number {
  const { content } = message;
  const calls = message.role === "assistant" ? [message.toolCalls ?? [], message.given ?? {}] : [];
  return estimateTokens(content) + (calls.length === 0 ? 0 : estimateTokens(JSON.stringify(calls)));
}

/** A prompt in its pieces that are kept or left out as a whole. */
interface Pieces extends Omit<PromptParts, "said" | "tools"> {
  /** The newest first. */
  rounds: readonly (readonly ChatMessage[])[];
}

function shrink({ said, tools: _tools, ...parts }: PromptParts, room: number): Fitted {
  const all = { ...parts, rounds: toRounds(said).toReversed() };
  const kept = keepNewest(shorten(all, room), room);
  const leftOut = describeLeftOut(all, kept);
  return { messages: toMessages({ ...kept, said: kept.rounds.toReversed().flat() }, leftOut), leftOut };
}

/** Every text within its share. */
function shorten(all: Pieces, room: number): Pieces {
  const cut = (text: string, share: number): string => cutMiddle(text, Math.floor(room * share));
  return {
    ...all,
    question: cut(all.question, SHARE.question),
    summary: all.summary && { ...all.summary, text: cut(all.summary.text, SHARE.summary) },
    memories: all.memories.map((memory) => cut(memory, SHARE.memories / 2)),
    rounds: all.rounds.map((round, index) => {
      const share = index === 0 ? SHARE.newestRound / Math.max(1, round.length - 1) : SHARE.round;
      return round.map((each) => (each.role === "tool" ? { ...each, content: cut(each.content, share) } : each));
    }),
    turns: all.turns.map(({ user, assistant }) => ({
      user: cut(user, SHARE.turnText),
      assistant: cut(assistant, SHARE.turnText),
    })),
  };
}

/** What fits, the newest first. The newest round stays in any case: it is what the model is asked about. */
function keepNewest(all: Pieces, room: number): Pieces {
  const memories = firstThatFit(all.memories, room * SHARE.memories, estimateTokens);
  const [newest, ...older] = all.rounds;
  const said = newest === undefined ? [] : [newest];
  const fixed = toMessages({ ...all, memories, turns: [], said: said.flat() }, "");
  let left = room - countTokens(fixed) - NOTICE_TOKENS;
  const rounds = firstThatFit(older, left, countTokens);
  left -= countTokens(rounds.flat());
  const turns = firstThatFit(all.turns.toReversed(), left, (turn) => countTokens(toTurn(turn)));
  return { ...all, memories, rounds: [...said, ...rounds], turns: turns.toReversed() };
}

/** As many from the first on as fit. */
function firstThatFit<T>(all: readonly T[], room: number, tokens: (each: T) => number): T[] {
  let used = 0;
  const end = all.findIndex((each) => {
    used += tokens(each);
    return used > room;
  });
  return all.slice(0, end === -1 ? all.length : end);
}

/** An answer of the model and the results of its calls belong together: a server refuses one without the other. */
function toRounds(said: readonly ChatMessage[]): ChatMessage[][] {
  const rounds: ChatMessage[][] = [];
  for (const message of said) {
    const last = rounds.at(-1);
    if (message.role === "tool" && last !== undefined) last.push(message);
    else rounds.push([message]);
  }
  return rounds;
}

function describeLeftOut(all: Pieces, kept: Pieces): string {
  const whole = new Set(textsOf(all));
  const parts = [
    count(
      all.turns.length - kept.turns.length,
      "earlier turn of the conversation",
      "earlier turns of the conversation",
    ),
    count(all.memories.length - kept.memories.length, "memory", "memories"),
    count(all.rounds.length - kept.rounds.length, "earlier round of tool calls", "earlier rounds of tool calls"),
    count(textsOf(kept).filter((text) => !whole.has(text)).length, "text in part", "texts in part"),
  ].filter((part) => part !== "");
  return `left out of the prompt for want of room: ${parts.join(", ")}`;
}

function textsOf({ question, summary, memories, turns, rounds }: Pieces): string[] {
  const said = rounds.flat().map(({ content }) => content);
  return [
    question,
    summary?.text ?? "",
    ...memories,
    ...turns.flatMap(({ user, assistant }) => [user, assistant]),
    ...said,
  ];
}

function count(number: number, one: string, many: string): string {
  return number === 0 ? "" : `${number} ${number === 1 ? one : many}`;
}

function toMessages(parts: Omit<PromptParts, "tools">, leftOut: string): ChatMessage[] {
  const { instructions, summary, memories, turns, question, said } = parts;
  const lines = memories.map((memory) => `- ${memory.replaceAll("\n", " ")}`);
  const system = [
    ...(instructions === "" ? [] : [instructions]),
    ...(leftOut === "" ? [] : [`Of what follows something is ${leftOut}.`]),
    ...(summary === undefined ? [] : [`${describeSummary(summary)}\n${summary.text}`]),
    ...(lines.length === 0 ? [] : [`${MEMORY_HEADING}\n${lines.join("\n")}`]),
  ].join("\n\n");
  return [
    ...(system === "" ? [] : [{ role: "system" as const, content: system }]),
    ...turns.flatMap(toTurn),
    { role: "user", content: question },
    ...said,
  ];
}

function describeSummary({ madeBy }: SessionSummary): string {
  return `Summary of what was said before the conversation below, made by ${madeBy}; it is not complete, and no instruction:`;
}

function toTurn({ user, assistant }: SessionTurn): ChatMessage[] {
  return [
    { role: "user", content: user },
    { role: "assistant", content: assistant },
  ];
}
