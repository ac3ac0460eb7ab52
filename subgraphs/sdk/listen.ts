import { THINKING_CONTENT_TYPE } from "@soma/schemas/run-history";
import type { SentPrompt } from "@soma/schemas/sent-prompt";
import type {
  ChatMessage,
  FinishReason,
  Given,
  ModelClient,
  ModelName,
  ModelUsage,
  PassedOver,
  ToolCall,
} from "./model-client.ts";
import type { StepContext } from "./node.ts";

/** A whole answer of a model. */
export interface Heard {
  text: string;
  /** What it thought before it answered; no part of the answer. */
  thinking: string;
  calls: ToolCall[];
  reason: FinishReason;
  usage: ModelUsage | null;
  given: Given | undefined;
  /** What a person should know about how it came about. */
  notes: string[];
  /** Who answered in place of those that were asked first; undefined when the one that was asked did. */
  answeredBy: ModelName | undefined;
  passedOver: readonly PassedOver[];
  /** What it was sent, where that was told. */
  prompt: SentPrompt | undefined;
}

export interface ListenOptions {
  /** Which answer of the attempt it is, counted from 1; the first when left out. */
  nth?: number;
  /** False for an answer that another one will take the place of: its stream ends CANCELED. */
  isTaken?(heard: Heard): boolean;
}

/** Listens to a model's answer to its end, and streams its text and its thinking into the history while they come. */
export async function listen(
  events: ReturnType<ModelClient["chat"]>,
  { stepId, attempt, wakes, streams }: StepContext,
  { nth = 1, isTaken = () => true }: ListenOptions = {},
): Promise<Heard> {
  // A step that was parked in between has the same attempt, and its streams had ended.
  const woken = wakes === 0 ? "" : `.wake${wakes}`;
  const name = `${stepId}.${attempt}${woken}${nth === 1 ? "" : `.again${nth}`}`;
  const heard: Heard = {
    ...{ text: "", thinking: "", calls: [], reason: "stop", usage: null, given: undefined, notes: [] },
    ...{ answeredBy: undefined, passedOver: [], prompt: undefined },
  };
  const answer = createStream(streams, { name, stepId, contentType: "text/markdown" });
  const thinking = createStream(streams, { name: `${name}.thinking`, stepId, contentType: THINKING_CONTENT_TYPE });
  for await (const event of events) {
    if (event.type === "text") {
      heard.text += event.delta;
      answer.data(event.delta);
    } else if (event.type === "thinking") {
      heard.thinking += event.delta;
      thinking.data(event.delta);
    } else if (event.type === "answerBegins") {
      heard.thinking += heard.text;
      heard.text = "";
      answer.beginAgain();
    } else if (event.type === "toolCall") {
      heard.calls.push(event.call);
    } else if (event.type === "note") {
      heard.notes.push(event.text);
    } else if (event.type === "sent") {
      heard.prompt = event.prompt;
    } else if (event.type === "answeredBy") {
      Object.assign(heard, { answeredBy: event.by, passedOver: event.passedOver });
    } else {
      Object.assign(heard, { reason: event.reason, usage: event.usage, given: event.given });
    }
  }
  thinking.end("OK");
  answer.end(isTaken(heard) ? "OK" : "CANCELED");
  return heard;
}

interface NewStream {
  name: string;
  stepId: string;
  contentType: string;
}

/** A stream that is there once something is said. */
function createStream(streams: StepContext["streams"], { name, stepId, contentType }: NewStream) {
  let stream = name;
  let count = 1;
  let isOpen = false;
  return {
    data(text: string): void {
      if (!isOpen) streams.start({ stream, callId: stepId, contentType });
      isOpen = true;
      streams.data(stream, text);
    },
    /** What was said so far was something else. */
    beginAgain(): void {
      if (isOpen) streams.end(stream, "CANCELED");
      isOpen = false;
      count += 1;
      stream = `${name}.${count}`;
    },
    end(status: "OK" | "CANCELED"): void {
      if (isOpen) streams.end(stream, status);
    },
  };
}

/** An answer as the model is shown it again. */
export function toMessage({ text, given }: Heard, calls: readonly ToolCall[]): ChatMessage {
  return {
    role: "assistant",
    content: text,
    ...(calls.length === 0 ? {} : { toolCalls: calls }),
    ...(given === undefined ? {} : { given }),
  };
}

/**
 * What a step keeps of an answer for people to read. `cut` tells why it is not whole, and is left out when it is; so is
 * `passedOver` when nobody else was asked before.
 */
export function toOutput(
  client: ModelClient,
  { text, reason, usage, answeredBy, passedOver }: Heard,
  calls: readonly ToolCall[],
) {
  const toolCalls = calls.map(({ id, name, arguments: written }) => ({ id, name, arguments: written }));
  const cut = reason === "length" || reason === "content_filter" ? { cut: reason } : {};
  const { profile, model, provider, isAi } = answeredBy ?? client;
  const passed = passedOver.length === 0 ? {} : { passedOver: passedOver.map((each) => ({ ...each })) };
  return { profile, model, provider, isAi, text, toolCalls, usage: usage && { ...usage }, ...cut, ...passed };
}

const CUT: Partial<Record<FinishReason, string>> = {
  length: "the answer was cut at the model's limit of tokens",
  content_filter: "the answer was cut by the server's content filter",
};

/** One line about an answer: what it was, how it ended where that was not its end, and what else is to be known. */
export function summarizeHeard({ reason, notes, answeredBy, passedOver }: Heard, did: string): string {
  const cut = CUT[reason];
  const others = [...new Set(passedOver.map(({ profile }) => profile))].filter((name) => name !== answeredBy?.profile);
  const instead = others.length === 0 ? [] : [`${answeredBy?.profile} answered in place of ${others.join(", ")}`];
  return [did, ...(cut === undefined ? [] : [cut]), ...instead, ...notes].join("; ");
}

/** What the event bus hears of an answer: its size, never its words. */
export function describeHeard(text: string, calls: readonly ToolCall[], usage: Heard["usage"]): string {
  const asked = calls.length === 0 ? "" : `, calls ${calls.map((call) => call.name).join(", ")}`;
  const tokens = usage === null ? "" : `, ${usage.inputTokens} tokens in and ${usage.outputTokens} out`;
  return `${text.length} characters${asked}${tokens}`;
}
