import type { ChatMessage, ChatRequest, ToolCall } from "./model-client.ts";
import { type Intent, parseIntents } from "./scripted-intents.ts";
import { capitalised, factsAbout, findFact, readFacts, toSecondPerson } from "./scripted-memory.ts";

export interface RuleAnswer {
  text: string;
  toolCalls: ToolCall[];
}

const HELP =
  "I am the scripted demonstration model: a set of rules, not an AI. I understand arithmetic (What is 37*12?), the time (What time is it in Paris?), " +
  "remember that ..., questions about what you told me, fetch https://..., note: ..., and run code: ....";

/** The call an intent needs, or undefined when words are enough. */
function toCall(intent: Intent): { name: string; args: object } | undefined {
  switch (intent.kind) {
    case "calculate":
      return { name: "calculate", args: { expression: intent.expression } };
    case "time":
      return intent.place === null ? { name: "clock", args: intent.timeZone === null ? {} : { timezone: intent.timeZone } } : undefined;
    case "remember":
      return { name: "remember", args: { text: intent.text } };
    case "fetch":
      return { name: "http_fetch", args: { url: intent.url } };
    case "note":
      return { name: "note_append", args: { text: intent.text } };
    case "code":
      return { name: "code_run", args: { code: intent.code } };
    default:
      return undefined;
  }
}

/**
 * What the rules say to a conversation: first the tool calls its last message needs, then, once their results are there, an
 * answer made of them. The same conversation always gets the same answer.
 */
export function answerByRules({ messages, tools }: ChatRequest): RuleAnswer {
  const at = messages.findLastIndex((message) => message.role === "user");
  const intents = parseIntents(messages[at]?.content ?? "");
  const offered = new Set(tools.map((tool) => tool.name));
  const calls = intents.flatMap((intent) => toCall(intent) ?? []).filter((call) => offered.has(call.name));
  const results = readResults(messages.slice(at + 1));
  if (calls.length > 0 && results.length === 0) {
    const toolCalls = calls.map(({ name, args }, index) => ({ id: `call_${index + 1}`, name, arguments: JSON.stringify(args) }));
    return { text: `I will use ${[...new Set(calls.map((call) => call.name))].join(", ")}.`, toolCalls };
  }
  const facts = readFacts(messages.find((message) => message.role === "system")?.content ?? "");
  const queue = [...results];
  const sentences = intents.map((intent) => {
    const call = toCall(intent);
    if (call === undefined) return say(intent, facts);
    if (!offered.has(call.name)) return `I would need the tool ${call.name}, and I do not have it here.`;
    return report(intent, call.name, queue.shift());
  });
  return { text: sentences.length === 0 ? "I did not read a question in that. Ask for help to see what I understand." : sentences.join("\n\n"), toolCalls: [] };
}

interface Result {
  status: string;
  output?: string;
  error?: string;
  reason?: string;
}

function readResults(messages: readonly ChatMessage[]): Result[] {
  return messages.flatMap((message): Result[] => {
    if (message.role !== "tool") return [];
    try {
      const value: unknown = JSON.parse(message.content);
      return [typeof value === "object" && value !== null && "status" in value ? (value as Result) : { status: "SUCCEEDED", output: message.content }];
    } catch {
      return [{ status: "SUCCEEDED", output: message.content }];
    }
  });
}

const SHOWN_CHARACTERS = 1_000;

function shown(text: string): string {
  const trimmed = text.trim();
  return trimmed.length > SHOWN_CHARACTERS ? `${trimmed.slice(0, SHOWN_CHARACTERS)} ... (${trimmed.length} characters)` : trimmed;
}

/** What came of a call, in words. */
function report(intent: Intent, tool: string, result: Result | undefined): string {
  if (result === undefined) return `${tool} gave no result.`;
  if (result.status === "DENIED") return `I was not allowed to use ${tool}: ${result.reason ?? "no reason was given"}.`;
  if (result.status !== "SUCCEEDED") return `${tool} did not work: ${result.error ?? result.status.toLowerCase()}.`;
  const output = shown(result.output ?? "");
  switch (intent.kind) {
    case "calculate":
      return `${intent.expression} = ${output}.`;
    case "time":
      return `The clock says ${output}${intent.timeZone === null ? "" : ` (${intent.timeZone})`}.`;
    case "remember":
      return `I remembered that ${toSecondPerson(intent.text)}.`;
    case "note":
      return `I noted: ${intent.text}`;
    case "fetch":
      return `I fetched ${intent.url}:\n\n${output}`;
    default:
      return output === "" ? "The code ran and printed nothing." : `The code printed:\n\n\`\`\`\n${output}\n\`\`\``;
  }
}

/** What needs no tool. */
function say(intent: Intent, facts: readonly string[]): string {
  switch (intent.kind) {
    case "ask": {
      const fact = findFact(facts, intent.question);
      return fact === undefined ? 'I do not know that. You can tell me: "remember that ...".' : `${capitalised(toSecondPerson(fact))}.`;
    }
    case "tellAbout": {
      const known = factsAbout(facts, intent.about);
      if (known.length === 0) return intent.about === null ? "I do not know anything about you yet." : `I do not know anything about ${intent.about}.`;
      return `This is what I remember:\n\n${known.map((fact) => `- ${toSecondPerson(fact)}`).join("\n")}`;
    }
    case "time":
      return `I do not know the time zone of ${intent.place}; name one such as Europe/Paris.`;
    case "greeting":
      return "Hello! I am the scripted demonstration model: a set of rules, not an AI.";
    case "thanks":
      return "You are welcome.";
    case "help":
      return HELP;
    case "unknown":
      return `I did not understand "${intent.text.length > 80 ? `${intent.text.slice(0, 80)}...` : intent.text}". ${HELP}`;
    default:
      return HELP;
  }
}
