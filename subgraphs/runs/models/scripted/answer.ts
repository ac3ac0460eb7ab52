import type { ChatRequest, ToolCall } from "@soma/sdk/model-client";
import type { SpokenAnswer } from "@soma/sdk/scripted-answer";
import { type PlannedCall, type ToolResult, toCall } from "./calls.ts";
import { exampleOf } from "./example.ts";
import type { Intent } from "./intent.ts";
import { parseIntents } from "./intents.ts";
import { findAnswer, findFacts, readFacts } from "./memory.ts";
import { swapPersons, toSentence } from "./person.ts";
import { readResults, type TakeResult } from "./results.ts";
import { SELF, toQuote } from "./text.ts";

/** Things done for one message at most; the engine makes no more calls of one answer either. */
export const MAX_THINGS = 16;

const ABILITIES =
  'I understand arithmetic ("What is 37*12?"), the time ("What time is it in Europe/Berlin?"), "remember that ...", questions about what I remember ' +
  '("What is my favourite number?", "What do you know about me?"), "fetch https://...", "note: ...", and "run code: ..." with JavaScript.';
const HELP = `${SELF}, a set of rules and not an AI. ${ABILITIES} Several of them fit into one message.`;

/**
 * The scripted model's answer to a conversation. Pure. It reads the last message of the user: while tools it needs have not
 * answered, it says what it will do and calls them; once they have, it says what came of it, in the order of the message.
 * Asked for JSON, it gives an example of what is asked for in place of words: rules read no meaning.
 */
export function answerByRules(request: ChatRequest): SpokenAnswer {
  const spoken = speakByRules(request);
  if (request.output === undefined || spoken.toolCalls.length > 0) return spoken;
  return { ...spoken, text: exampleOf(request.output.schema) ?? spoken.text };
}

function speakByRules(request: ChatRequest): SpokenAnswer {
  const last = request.messages.findLastIndex((message) => message.role === "user");
  const intents = parseIntents(request.messages[last]?.content ?? "");
  const takeResult = readResults(request.messages.slice(last + 1));
  const understood = intents.filter((intent) => intent.kind !== "unknown");
  const steps = toSteps(understood.slice(0, MAX_THINGS), new Set(request.tools.map((tool) => tool.name)));
  const calls = steps.flatMap(({ call, missing }) => (call === undefined || missing ? [] : [call]));
  if (calls.length > 0 && takeResult === undefined) {
    return { text: `I will ${toList(calls.map((call) => call.will))}.`, toolCalls: calls.map(toToolCall) };
  }
  const facts = readFacts(request.messages);
  const said = steps.flatMap((step) => sayStep(step, facts, takeResult) ?? []);
  const over = understood.length - steps.length;
  if (over > 0) said.push(`I do at most ${MAX_THINGS} things for one message and left out the last ${over}.`);
  return { text: [...said, ...sayStrange(intents, said.length === 0)].join("\n\n"), toolCalls: [] };
}

interface Step {
  intent: Intent;
  call?: PlannedCall | undefined;
  /** The tool is not on offer. */
  missing: boolean;
}

function toSteps(intents: readonly Intent[], offered: ReadonlySet<string>): Step[] {
  return intents.map((intent) => {
    const call = toCall(intent);
    return { intent, call, missing: call !== undefined && !offered.has(call.tool) };
  });
}

function toToolCall(call: PlannedCall, index: number): ToolCall {
  return { id: `call_${index + 1}`, name: call.tool, arguments: JSON.stringify(call.args) };
}

/** What was not understood, once for the whole message, and what would be. */
function sayStrange(intents: readonly Intent[], alone: boolean): string[] {
  const strange = intents.flatMap((intent) => (intent.kind === "unknown" ? [intent.text] : []));
  if (strange.length === 0) return alone ? [HELP] : [];
  return [`I did not understand "${toQuote(strange.join(" "))}".`, HELP];
}

function sayStep(
  { intent, call, missing }: Step,
  facts: readonly string[],
  takeResult: TakeResult | undefined,
): string | undefined {
  if (call !== undefined) {
    if (missing) return `I cannot ${call.will}: the tool ${call.tool} is not available to me.`;
    return sayResult(call, takeResult?.(call));
  }
  switch (intent.kind) {
    case "time":
      return `I do not know the time zone of "${toQuote(intent.place ?? "")}"; name one such as Europe/Berlin.`;
    case "ask":
      return sayAnswer(intent.question, facts);
    case "tellAbout":
      return sayFacts(intent.about, facts);
    case "greeting":
      return `Hello! ${SELF}, a set of rules and not an AI; ask me for help to see what I understand.`;
    case "thanks":
      return "You are welcome.";
    case "help":
      return HELP;
    default:
      return undefined;
  }
}

function sayResult(call: PlannedCall, result: ToolResult | undefined): string {
  if (result === undefined) return `I have no result of ${call.tool}.`;
  if (result.status === "denied") return `I was not allowed to use ${call.tool}: ${result.reason}.`;
  if (result.status === "failed") return `${call.tool} failed: ${result.reason}.`;
  // A paragraph of its own: on the line of a fence it would be inside, with everything after it.
  return call.did(result.output) + (result.truncated ? "\n\n(The output was longer; this is its beginning.)" : "");
}

function sayAnswer(question: string, facts: readonly string[]): string {
  const answer = findAnswer(question, facts);
  if (answer !== undefined) return toSentence(answer);
  const [, noun, verb] =
    /^(?:do you know |tell me )?(?:what|who|where|when)(?:'s| (is|are|was|were))? (.+)$/i.exec(
      question.replaceAll("’", "'"),
    ) ?? [];
  if (verb !== undefined && /^(?:my|our|the)\s/i.test(verb)) {
    const asked = /^\w+/.exec(question.replace(/^(?:do you know|tell me) /i, ""))?.[0].toLowerCase();
    return `I do not know ${asked} ${toQuote(swapPersons(verb))} ${noun?.toLowerCase() ?? "is"}. I only know what I was told to remember.`;
  }
  return `I do not know the answer to "${toQuote(question)}". I only know what I was told to remember; ${ABILITIES.replace("I understand", "beyond that I understand")}`;
}

function sayFacts(about: string | null, facts: readonly string[]): string {
  const found = findFacts(about, facts);
  const topic = about === null ? "you" : toQuote(swapPersons(about));
  if (found.length === 0) return `I know nothing about ${topic} yet. Tell me with "remember that ...".`;
  return `I know this about ${topic}: ${found.map(toSentence).join(" ")}`;
}

function toList(parts: readonly string[]): string {
  if (parts.length < 3) return parts.join(" and ");
  return `${parts.slice(0, -1).join(", ")}, and ${parts.at(-1)}`;
}
