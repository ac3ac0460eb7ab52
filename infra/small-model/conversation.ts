import { isRecord } from "@soma/schemas/json";

/** A turn as the engine reads it. */
export type Turn = { type: "system" | "user"; text: string } | { type: "model"; response: string[] };

/** What is asked of the model: what was said, and the shape of its answer; null where it says what it likes. */
export interface Question {
  turns: Turn[];
  shape: object | null;
}

type Body = Readonly<Record<string, unknown>>;

/**
 * A request for a chat completion as a small model is asked it. With tools on offer its answer is held to JSON that
 * either answers or calls one of them; after a result it is to answer, because it would call for ever.
 */
export function toQuestion(body: Body): Question {
  const messages = listIn(body.messages);
  const tools = listIn(body.tools).flatMap(({ function: tool }) => (isRecord(tool) ? [tool] : []));
  const isOffered = tools.length > 0 && messages.at(-1)?.role !== "tool";
  const turns = messages.map(toTurn);
  const told = isOffered ? [{ type: "user" as const, text: describe(tools) }] : [];
  const at = turns.findLastIndex(({ type }) => type === "user");
  const shape = isOffered ? toShape(tools) : schemaOf(body.response_format);
  return { turns: [...turns.slice(0, at), ...told, ...turns.slice(at), { type: "model", response: [] }], shape };
}

/** What the model said, as an answer or as a call. */
export function toAnswer(said: string, { shape }: Question): { text: string } | { name: string; arguments: string } {
  const json = shape === null ? undefined : parse(said);
  if (!isRecord(json)) return { text: said };
  if (typeof json.call === "string") return { name: json.call, arguments: JSON.stringify(json.arguments ?? {}) };
  return { text: typeof json.answer === "string" ? json.answer : said };
}

function toTurn({ role, content, tool_calls: calls }: Body): Turn {
  const text = typeof content === "string" ? content : "";
  if (role === "system") return { type: "system", text };
  if (role === "tool") return { type: "user", text: `The tool gave: ${text}\nTell me the answer.` };
  if (role !== "assistant") return { type: "user", text };
  const made = listIn(calls).map(({ function: call }) => JSON.stringify(call));
  return { type: "model", response: [[text, ...made].filter((part) => part !== "").join("\n")] };
}

function describe(tools: readonly Body[]): string {
  const lines = tools.map(({ name, description }) => `- ${String(name)}: ${String(description).split(". ")[0]}`);
  return `Tools:\n${lines.join("\n")}\nAnswer {"call": tool, "arguments": ...} to use one, or {"answer": text}.`;
}

function toShape(tools: readonly Body[]): object {
  const calls = tools.map(({ name, parameters }) => ({
    type: "object",
    properties: { call: { const: name }, arguments: plain(parameters) },
  }));
  return { oneOf: [...calls, { type: "object", properties: { answer: { type: "string" } } }] };
}

/** What the engine understands of a schema. */
function plain(schema: unknown): object {
  if (!isRecord(schema)) return { type: "string" };
  if (Array.isArray(schema.enum)) return { enum: schema.enum as unknown[] };
  if (schema.type === "array") return { type: "array", items: plain(schema.items) };
  if (schema.type !== "object") return { type: schema.type ?? "string" };
  const required = Array.isArray(schema.required) ? (schema.required as unknown[]) : [];
  const properties = Object.entries(isRecord(schema.properties) ? schema.properties : {});
  const wanted = properties.filter(([name]) => required.includes(name)).map(([name, inner]) => [name, plain(inner)]);
  return { type: "object", properties: Object.fromEntries(wanted) };
}

function schemaOf(format: unknown): object | null {
  const { json_schema: named } = isRecord(format) ? format : {};
  return isRecord(named) && isRecord(named.schema) ? plain(named.schema) : null;
}

function listIn(value: unknown): Body[] {
  return Array.isArray(value) ? (value as unknown[]).filter(isRecord) : [];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
