import { availableParallelism } from "node:os";
import { pathToFileURL } from "node:url";
import type { Question, Turn } from "./conversation.ts";
import type { Installed } from "./install.ts";

/** Tokens that it reads and says together at most; it was trained with as many. */
const CONTEXT_TOKENS = 8_192;
const MOST_TOKENS = 256;
/** One core stays for the product: threads that wait for one that has no core make it a hundred times slower. */
const THREADS = Math.max(1, availableParallelism() - 1);

/** What of the engine is used; it is no dependency, because few want it. */
interface Engine {
  getLlama(options: { gpu: false; build: "never"; maxThreads: number }): Promise<{
    loadModel(options: { modelPath: string }): Promise<{
      createContext(options: { contextSize: number; threads: number }): Promise<{ getSequence(): Sequence }>;
    }>;
    createGrammarForJsonSchema(schema: object): Promise<object>;
  }>;
  LlamaChat: new (options: {
    contextSequence: Sequence;
  }) => {
    generateResponse(turns: Turn[], options: object): Promise<{ response: string; metadata: { stopReason: string } }>;
  };
}

interface Sequence {
  tokenMeter: { usedInputTokens: number; usedOutputTokens: number };
}

export interface Said {
  text: string;
  /** It would have said more. */
  isCut: boolean;
  inputTokens: number;
  outputTokens: number;
}

interface AskOptions {
  maxTokens: number | undefined;
  signal: AbortSignal;
  /** Called with each piece of the text. */
  onText(piece: string): void;
}

/** Answers one question at a time. */
export type Ask = (question: Question, options: AskOptions) => Promise<Said>;

export async function load({ engine, weights }: Installed): Promise<Ask> {
  const { getLlama, LlamaChat } = (await import(pathToFileURL(engine).href)) as Engine;
  const llama = await getLlama({ gpu: false, build: "never", maxThreads: THREADS });
  const model = await llama.loadModel({ modelPath: weights });
  const sequence = (await model.createContext({ contextSize: CONTEXT_TOKENS, threads: THREADS })).getSequence();
  const chat = new LlamaChat({ contextSequence: sequence });
  let before: Promise<unknown> = Promise.resolve();

  async function answer({ turns, shape }: Question, { maxTokens, signal, onText }: AskOptions): Promise<Said> {
    const { usedInputTokens, usedOutputTokens } = sequence.tokenMeter;
    const grammar = shape === null ? {} : { grammar: await llama.createGrammarForJsonSchema(shape) };
    const said = await chat.generateResponse(turns, {
      ...{ ...grammar, signal, temperature: 0.1, repeatPenalty: { penalty: 1.1 } },
      ...{ maxTokens: Math.min(maxTokens ?? MOST_TOKENS, MOST_TOKENS), onTextChunk: onText },
    });
    return {
      text: said.response,
      isCut: said.metadata.stopReason === "maxTokens",
      inputTokens: sequence.tokenMeter.usedInputTokens - usedInputTokens,
      outputTokens: sequence.tokenMeter.usedOutputTokens - usedOutputTokens,
    };
  }

  return (question, options) => {
    const asking = before.then(() => answer(question, options));
    before = asking.catch(() => {});
    return asking;
  };
}
