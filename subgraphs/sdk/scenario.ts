import { isRecord } from "@soma/schemas/json";
import { type Static, Type } from "typebox";
import type { ChatMessage, ChatRequest } from "./model-client.ts";
import type { ScriptedAnswer } from "./scripted-answer.ts";

const pattern = (description: string) => Type.String({ minLength: 1, maxLength: 500, description });

const RuleSchema = Type.Object(
  {
    when: Type.Object(
      {
        question: Type.Optional(pattern("regular expression over what the user asked; letters of either case")),
        tool: Type.Optional(Type.String({ description: "name of the tool that answered last" })),
        result: Type.Optional(pattern("regular expression over what that tool gave, or why it did not")),
      },
      { additionalProperties: false, minProperties: 1 },
    ),
    call: Type.Optional(
      Type.Object(
        { tool: Type.String(), args: Type.Optional(Type.Record(Type.String(), Type.Unknown())) },
        { additionalProperties: false },
      ),
    ),
    say: Type.Optional(Type.String({ minLength: 1, maxLength: 10_000 })),
  },
  { additionalProperties: false },
);

/** What scenario.yaml of a project holds: what the scripted model does there, the first rule that fits. */
export const ScenarioSchema = Type.Object(
  { rules: Type.Array(RuleSchema, { minItems: 1, maxItems: 200 }) },
  { additionalProperties: false },
);

export type Scenario = Static<typeof ScenarioSchema>;
type Rule = Scenario["rules"][number];

/** A text that stands where a pattern's named group is put: `{order}`; with `|number`, alone, it becomes a number. */
const PLACE = /\{([a-z][A-Za-z0-9_]*)(\|number)?\}/g;

/** What is wrong with a scenario beyond its schema, by the place of each fault; empty when nothing is. */
export function scenarioFaults({ rules }: Scenario, tools?: readonly string[]): string[] {
  return rules.flatMap((rule, index) => ruleFaults(rule, tools).map((fault) => `/rules/${index} ${fault}`));
}

function ruleFaults({ when, call, say }: Rule, tools: readonly string[] | undefined): string[] {
  const faults: string[] = [];
  if ((call === undefined) === (say === undefined)) faults.push("needs either call or say, and not both");
  if (when.result !== undefined && when.tool === undefined)
    faults.push("has when.result without when.tool, whose result it is");
  for (const name of ["question", "result"] as const) {
    const fault = patternFault(when[name]);
    if (fault !== undefined) faults.push(`has a when.${name} that is no regular expression: ${fault}`);
  }
  const unknown = [when.tool, call?.tool].filter((name) => name !== undefined && tools?.includes(name) === false);
  if (unknown.length > 0) faults.push(`names ${unknown.join(", ")}, which is no tool; there are ${tools?.join(", ")}`);
  const groups = new Set([when.question, when.result].flatMap((text) => groupsOf(text ?? "")));
  const lost = placesOf([say, call?.args]).filter((name) => !groups.has(name));
  if (lost.length > 0)
    faults.push(`puts in {${lost.join("}, {")}}, and no pattern of it has such a group (?<name>...)`);
  return faults;
}

function patternFault(text: string | undefined): string | undefined {
  try {
    toPattern(text ?? "");
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function toPattern(text: string): RegExp {
  return new RegExp(text, "isu");
}

function groupsOf(text: string): string[] {
  return [...text.matchAll(/\(\?<([A-Za-z]\w*)>/g)].map(([, name = ""]) => name);
}

function placesOf(value: unknown): string[] {
  if (typeof value === "string") return [...value.matchAll(PLACE)].map(([, name = ""]) => name);
  if (Array.isArray(value)) return value.flatMap(placesOf);
  return isRecord(value) ? Object.values(value).flatMap(placesOf) : [];
}

/** What the scenario says next in a conversation; undefined where no rule fits. Checked by scenarioFaults() before. */
export function answerByScenario(
  { rules }: Scenario,
  request: Pick<ChatRequest, "messages">,
): ScriptedAnswer | undefined {
  const now = readConversation(request.messages);
  for (const rule of rules) {
    const found = match(rule.when, now);
    if (found === undefined) continue;
    if (rule.call !== undefined)
      return {
        calls: [{ tool: rule.call.tool, args: fill(rule.call.args ?? {}, found) as { [name: string]: unknown } }],
      };
    return { text: String(fill(rule.say ?? "", found)) };
  }
  return undefined;
}

interface Conversation {
  question: string;
  /** The tool that answered last, after the question; undefined before any has. */
  tool: string | undefined;
  result: string;
}

function readConversation(messages: readonly ChatMessage[]): Conversation {
  const at = messages.findLastIndex(({ role }) => role === "user");
  const last = messages.slice(at + 1).findLast((message) => message.role === "tool");
  const calls = messages.flatMap((message) => (message.role === "assistant" ? (message.toolCalls ?? []) : []));
  const tool = last === undefined ? undefined : calls.findLast(({ id }) => id === last.toolCallId)?.name;
  return { question: messages[at]?.content ?? "", tool, result: resultOf(last?.content ?? "") };
}

/** The words of a tool's message: its output, or why there is none. */
function resultOf(content: string): string {
  try {
    const said: unknown = JSON.parse(content);
    const words = isRecord(said) ? (said.output ?? said.error ?? said.reason) : undefined;
    return typeof words === "string" ? words : content;
  } catch {
    return content;
  }
}

type Found = Readonly<Record<string, string>>;

/** The named groups of the patterns that fit. A rule without a tool is for before any tool has answered. */
function match({ question, tool, result }: Rule["when"], now: Conversation): Found | undefined {
  if (tool !== now.tool) return undefined;
  const found: Record<string, string> = {};
  for (const [text, over] of [
    [question, now.question],
    [result, now.result],
  ] as const) {
    if (text === undefined) continue;
    const matched = toPattern(text).exec(over);
    if (matched === null) return undefined;
    Object.assign(found, matched.groups);
  }
  return found;
}

function fill(value: unknown, found: Found): unknown {
  if (Array.isArray(value)) return value.map((each) => fill(each, found));
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fill(each, found)]));
  if (typeof value !== "string") return value;
  const [whole, name = "", asNumber] = [...value.matchAll(PLACE)][0] ?? [];
  if (whole === value && asNumber !== undefined) return Number(found[name]);
  return value.replaceAll(PLACE, (_place, each: string) => found[each] ?? "");
}
