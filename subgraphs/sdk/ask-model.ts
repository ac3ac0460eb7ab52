import type { Static, TObject } from "typebox";
import { callOnce } from "./call-tool.ts";
import { toChatRequest } from "./fit-prompt.ts";
import { hearOutput } from "./hear-output.ts";
import { describeOutput, toJsonOutput } from "./json-output.ts";
import { describeHeard, listen, summarizeHeard, toMessage, toOutput } from "./listen.ts";
import type { ChatMessage, ChatRequest, JsonOutput, ModelClient, ToolCall, ToolDefinition } from "./model-client.ts";
import type { NodeSpec, RunInfo, StepContext } from "./node.ts";
import { describeCalls, numberCalls, toRefusals, type WhyNot } from "./number-calls.ts";
import { StepError } from "./step-error.ts";
import { parseArguments } from "./tool-call.ts";

/** A channel of this type keeps what the model and its tools said: `talk: appended<ChatMessage>()`. */
export interface TalkState {
  readonly talk: ChatMessage[];
}

/** Answers of the model in one talk; each may ask for tools again. */
const MAX_TURNS = 12;

interface AskOptions<S> {
  /** What the model is told to be. */
  instructions?: string;
  /** The question; the text of the run's input when left out. */
  ask?(state: S, run: RunInfo): string;
  /** Names of the tools it may ask for, and the state has a `talk` then; `callTools()` makes the calls. */
  tools?: readonly string[];
}

export interface AskModelOptions<S> extends AskOptions<S> {
  output?: undefined;
  /** What an answer without calls changes in the state. */
  into(text: string, state: S): Partial<S>;
}

export interface AskForOutputOptions<S, T extends TObject> extends AskOptions<S> {
  /** The answer is JSON that fits this: `{ name: "order", schema: Type.Object({...}) }`. */
  output: { name: string; schema: T };
  /** What an answer without calls changes in the state; it fits the schema. */
  into(value: Static<T>, state: S): Partial<NoInfer<S>>;
}

/**
 * A node that asks the model of the run once, and streams the answer to whoever watches. With tools its state has a
 * `talk`, and the graph goes round: ask, call what the model wants, ask again.
 *
 *   .node("ask", askModel({ tools: ["find_order"], into: (text) => ({ answer: text }) }))
 *   .node("call", callTools())
 *   .when("ask", ["call", "end"], (s) => (wantsTools(s) ? "call" : "end"))
 *   .when("call", ["call", "ask"], (s) => (wantsTools(s) ? "call" : "ask"))
 *
 * With `output` the answer is JSON. One that does not fit is told to the model with its fault, three answers in all;
 * then the step fails, and says what did not fit.
 */
export function askModel<S, T extends TObject>(options: AskForOutputOptions<S, T>): NodeSpec<S>;
export function askModel<S>(options: AskModelOptions<S>): NodeSpec<S>;
export function askModel<S>(given: AskModelOptions<S> | AskForOutputOptions<S, TObject>): NodeSpec<S> {
  const options = toAsk(given);
  return {
    type: "model",
    retry: { maxAttempts: 4, initialMs: 300, maxMs: 60_000, withinMs: 300_000 },
    summary: () => "Asking the model",
    inputSummary: (state, run) => `profile ${run.modelProfile}, ${talkOf(options, state).length + 1} messages`,
    async run(state, context) {
      const talk = talkOf(options, state);
      if (talk.filter(({ role }) => role === "assistant").length >= MAX_TURNS)
        throw new StepError("STEP_REFUSED", `the model was asked ${MAX_TURNS} times without coming to an answer`);
      const client = await context.services.model();
      const { heard, change } = await hear(options, { client, state, talk }, context);
      const numbered = numberCalls(heard.calls, countCalls(talk), whyNot(options.tools));
      const calls = numbered.asked;
      const isAnswer = calls.length === 0 || (options.tools === undefined && heard.text.trim() !== "");
      if (options.tools === undefined && !isAnswer)
        throw new StepError(
          "STEP_FAILED",
          `the model was given no tools, and said nothing but to call ${calls[0]?.name}`,
        );
      const said = options.tools === undefined ? {} : { talk: [toMessage(heard, calls)] };
      return {
        patch: { ...(said as Partial<S>), ...(isAnswer ? change() : {}) },
        summary: summarizeHeard(heard, calls.length === 0 ? "Answered" : describeCalls(numbered)),
        outputSummary: describeHeard(heard.text, calls, heard.usage),
        output: toOutput(client, heard, calls),
        prompt: heard.prompt,
      };
    },
  };
}

/** Options, whatever the answer is to be. */
interface Ask<S> extends AskOptions<S> {
  output: (JsonOutput & { schema: object }) | undefined;
  into(answer: unknown, state: S): Partial<S>;
}

function toAsk<S>(given: AskModelOptions<S> | AskForOutputOptions<S, TObject>): Ask<S> {
  const { output } = given;
  return { ...given, output: output && toJsonOutput(output), into: given.into as Ask<S>["into"] };
}

interface Asking<S> {
  client: ModelClient;
  state: S;
  talk: readonly ChatMessage[];
}

/** The answer, and what it changes in the state. */
async function hear<S>(options: Ask<S>, { client, state, talk }: Asking<S>, context: StepContext) {
  const { output, into } = options;
  const offered = await toOffered(options.tools, context);
  const ask = (said: readonly ChatMessage[]) =>
    client.chat(toRequest(options, state, [...talk, ...said], offered, context.run), context.signal);
  if (output === undefined) {
    const heard = await listen(ask([]), context);
    return { heard, change: () => into(heard.text, state) };
  }
  const { heard, value } = await hearOutput({ output, ask, hasTools: options.tools !== undefined }, context);
  return { heard, change: () => into(value, state) };
}

function toRequest<S>(
  { instructions = "", ask = textOf, output }: Ask<S>,
  state: S,
  said: readonly ChatMessage[],
  tools: readonly ToolDefinition[],
  run: RunInfo,
): ChatRequest {
  const told = [instructions, ...(output === undefined ? [] : [describeOutput(output)])].filter((each) => each !== "");
  const parts = { instructions: told.join("\n\n"), memories: [], turns: [], question: ask(state, run), said, tools };
  return { ...toChatRequest(parts), ...(output === undefined ? {} : { output }) };
}

async function toOffered(tools: readonly string[] = [], { services }: StepContext): Promise<ToolDefinition[]> {
  const known: ToolDefinition[] = tools.length === 0 ? [] : [...(await services.tools.list())];
  const missing = tools.filter((name) => !known.some((tool) => tool.name === name));
  if (missing.length > 0) throw new StepError("STEP_REFUSED", `there is no tool ${missing.join(", ")}`);
  return known
    .filter(({ name }) => tools.includes(name))
    .map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
}

/** What was said so far; nothing of it is asked again without tools, so that a graph may ask about several things. */
function talkOf<S>({ tools }: AskOptions<S>, state: S): readonly ChatMessage[] {
  if (tools === undefined) return [];
  const { talk } = state as Partial<TalkState>;
  if (talk !== undefined) return talk;
  throw new StepError("STEP_REFUSED", "askModel() with tools needs a channel: talk: appended<ChatMessage>()");
}

function textOf(_state: unknown, { input }: RunInfo): string {
  if (typeof input.text === "string") return input.text;
  throw new StepError("STEP_REFUSED", "the run's input has no text; give askModel() an ask()");
}

/** A model may name any tool, out of itself or because something it read told it to; it may call those it was shown. */
function whyNot(tools: readonly string[] = []): WhyNot {
  const known = tools.length === 0 ? "there are no tools" : `there are ${tools.join(", ")}`;
  return ({ name }) => (tools.includes(name) ? undefined : `there is no tool "${name.slice(0, 64)}"; ${known}`);
}

function countCalls(talk: readonly ChatMessage[]): number {
  return talk.reduce((sum, said) => sum + (said.role === "assistant" ? (said.toolCalls?.length ?? 0) : 0), 0);
}

/** The calls of a talk that nobody has answered yet, in order. */
function openCalls(talk: readonly ChatMessage[]): ToolCall[] {
  const answered = new Set(talk.flatMap((said) => (said.role === "tool" ? [said.toolCallId] : [])));
  const asked = talk.flatMap((said) => (said.role === "assistant" ? (said.toolCalls ?? []) : []));
  return asked.filter(({ id }) => !answered.has(id));
}

/** Whether the model waits for a tool. */
export function wantsTools({ talk }: TalkState): boolean {
  return openCalls(talk).length > 0;
}

/**
 * A node that makes the next call the model asked for, under policy; what comes of it, also a denial, is told to the
 * model.
 */
export function callTools<S extends TalkState>(): NodeSpec<S> {
  return {
    type: "tool",
    copiesStreams: true,
    retry: { maxAttempts: 6, initialMs: 200, maxMs: 60_000 },
    summary: ({ talk }) => `Calling ${openCalls(talk)[0]?.name ?? "nothing"}`,
    async run({ talk }, context) {
      const open = openCalls(talk);
      const refused = open.filter((call) => call.refused !== undefined);
      if (refused.length > 0) return tellRefusals(refused);
      const [call] = open;
      if (call === undefined) return { summary: "There is nothing to call" };
      const asked = parseArguments(call);
      if (asked.args === undefined) return answer(call, { status: "FAILED", error: asked.fault });
      const { told, ...called } = await callOnce(
        { name: call.name, args: asked.args, idempotencyKey: `${context.stepId}:${call.id}`, callId: call.id },
        context,
      );
      if (called.failure === undefined)
        return { ...answer(call, { status: "SUCCEEDED", output: called.output }), ...told };
      const { status, reason } = called.failure;
      const isDenied = status === "DENIED";
      return { ...answer(call, isDenied ? { status, reason } : { status, error: reason }), ...told, denied: isDenied };
    },
  };

  function tellRefusals(refused: readonly ToolCall[]) {
    const told = toRefusals(refused);
    return {
      summary: `${told.length} not called: ${refused[0]?.refused}`,
      patch: { talk: told } as unknown as Partial<S>,
    };
  }

  function answer(call: ToolCall, said: { status: string; output?: string; error?: string; reason?: string }) {
    const heard: ChatMessage = { role: "tool", toolCallId: call.id, content: JSON.stringify(said) };
    return { summary: `${call.name} ${said.status.toLowerCase()}`, patch: { talk: [heard] } as unknown as Partial<S> };
  }
}
