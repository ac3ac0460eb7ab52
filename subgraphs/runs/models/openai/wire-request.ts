import type { ModelProfile } from "@soma/conf/models";
import { isRecord, type Json, type JsonObject } from "@soma/schemas/json";
import type { ChatMessage, ChatRequest, ToolCall } from "@soma/sdk/model-client";
import { foreignId, readableArguments } from "../calls-of-answer.ts";
import type { Quirk } from "../http/quirks.ts";
import { toOutputFormat } from "../output-format.ts";
import { outputLimit } from "../output-limit.ts";

export interface WireOptions {
  model: string;
  params?: ModelProfile["params"] | undefined;
  /** OpenAI's own models refuse `max_tokens`; most other servers know nothing else. */
  tokenLimitField: "max_tokens" | "max_completion_tokens";
  /** Name of this server and model; what another one gave is not sent to it. */
  by: string;
  /** What this server does not take. */
  quirks: ReadonlySet<Quirk>;
}

/** The JSON body of POST /chat/completions. Servers refuse an empty list of tools, so it is left out. */
export function toWireRequest(request: ChatRequest, options: WireOptions): Record<string, unknown> {
  const { quirks, model } = options;
  const hasTools = request.tools.length > 0 && !quirks.has("NO_TOOLS");
  const format = toOutputFormat(request, quirks);
  return {
    model,
    messages: toWireMessages(request.messages, options),
    ...(hasTools ? { tools: request.tools.map(toWireTool) } : {}),
    ...(format === undefined ? {} : { response_format: { type: "json_schema", json_schema: format } }),
    ...toWireParams(options, outputLimit(request, options.params)),
    stream: true,
    ...(quirks.has("NO_STREAM_OPTIONS") ? {} : { stream_options: { include_usage: true } }),
  };
}

/** What the profile says of sampling and lengths: only what it says, and what the server takes of it. */
function toWireParams(
  { params = {}, quirks, tokenLimitField }: WireOptions,
  tokens: number | undefined,
): Record<string, unknown> {
  const swap = { max_tokens: "max_completion_tokens", max_completion_tokens: "max_tokens" } as const;
  const limit = quirks.has("OTHER_TOKEN_LIMIT") ? swap[tokenLimitField] : tokenLimitField;
  const { temperature, topP, seed, stop, reasoningEffort } = params;
  const wire: readonly (readonly [string, unknown, Quirk?])[] = [
    ["temperature", temperature, "NO_TEMPERATURE"],
    ["top_p", topP, "NO_TOP_P"],
    ["seed", seed, "NO_SEED"],
    ["stop", stop],
    ["reasoning_effort", reasoningEffort, "NO_REASONING_EFFORT"],
    [limit, tokens],
  ];
  const sent = wire.filter(([, value, quirk]) => value !== undefined && (quirk === undefined || !quirks.has(quirk)));
  return Object.fromEntries(sent.map(([name, value]) => [name, value]));
}

/** Names of the fields in a request that this server alone gave. */
export function extraFields(messages: readonly ChatMessage[], by: string): string[] {
  const own = messages.flatMap((message) =>
    message.role === "assistant" && message.given?.by === by ? [message] : [],
  );
  const names = own.flatMap(({ given, toolCalls = [] }) =>
    [given?.fields ?? {}, ...toolCalls.map((call) => call.given ?? {})].flatMap(Object.keys),
  );
  return [...new Set(names)].filter((name) => name !== "id");
}

type WireMessage = Record<string, unknown> & { role: string };

function toWireMessages(messages: readonly ChatMessage[], { by, quirks }: WireOptions): WireMessage[] {
  // Ids of calls as this server knows them, by ours; the newest call of an id is the one that is answered.
  const ids = new Map<string, string>();
  const wire = messages
    .filter((message) => message.role !== "assistant" || !isBlank(message))
    .map((message): WireMessage => {
      if (message.role === "assistant") return toAssistant(message, { by, quirks }, ids);
      if (message.role !== "tool") return { role: message.role, content: message.content };
      const id = ids.get(message.toolCallId) ?? foreignId(message.toolCallId);
      return { role: "tool", tool_call_id: id, content: message.content };
    });
  return joined(quirks.has("NO_SYSTEM_ROLE") ? wire.map(withoutSystem) : wire);
}

/** What Google's pages say to send in place of a signature with a call that another model made. */
const UNSIGNED: JsonObject = { extra_content: { google: { thought_signature: "skip_thought_signature_validator" } } };

type AssistantMessage = Extract<ChatMessage, { role: "assistant" }>;

/** A turn in which nothing was said; servers refuse it, or the model takes it for an example. */
function isBlank({ content, toolCalls = [] }: AssistantMessage): boolean {
  return content.trim() === "" && toolCalls.length === 0;
}

function toAssistant(
  { content, toolCalls = [], given }: AssistantMessage,
  { by, quirks }: Pick<WireOptions, "by" | "quirks">,
  ids: Map<string, string>,
): WireMessage {
  const isOwn = given?.by === by;
  const { content: parts, ...fields } = isOwn && !quirks.has("NO_EXTRA_FIELDS") ? given.fields : {};
  const said = Array.isArray(parts) ? withRest(parts, content) : content;
  if (toolCalls.length === 0) return { ...fields, role: "assistant", content: said };
  return {
    ...fields,
    role: "assistant",
    content: said === "" ? null : said,
    tool_calls: toolCalls.map((call, at) => {
      const given = isOwn ? ownOf(call, quirks) : {};
      const isUnsigned = at === 0 && quirks.has("NO_UNSIGNED_CALLS") && given.extra_content === undefined;
      const wire = toWireCall(call, isUnsigned ? { ...given, ...UNSIGNED } : given);
      ids.set(call.id, wire.id);
      return wire;
    }),
  };
}

function ownOf({ given = {} }: ToolCall, quirks: ReadonlySet<Quirk>): JsonObject {
  if (!quirks.has("NO_EXTRA_FIELDS")) return given;
  return given.id === undefined ? {} : { id: given.id };
}

/** Servers that begin an answer in parts may go on with it as plain text. */
function withRest(parts: readonly Json[], content: string): Json[] {
  const told = parts.map((part) => (isRecord(part) && typeof part.text === "string" ? part.text : "")).join("");
  const rest = content.startsWith(told) ? content.slice(told.length) : "";
  return rest === "" ? [...parts] : [...parts, { type: "text", text: rest }];
}

function toWireCall(call: ToolCall, given: JsonObject) {
  const { id, function: made, ...fields } = given;
  return {
    type: "function",
    ...fields,
    id: typeof id === "string" ? id : foreignId(call.id),
    function: { ...(isRecord(made) ? made : {}), name: call.name, arguments: readableArguments(call.arguments) },
  };
}

function withoutSystem(message: WireMessage): WireMessage {
  return message.role === "system" ? { ...message, role: "user" } : message;
}

/** Templates of local models take turns in strict alternation; two messages of a person are one. */
function joined(messages: readonly WireMessage[]): WireMessage[] {
  const all: WireMessage[] = [];
  for (const message of messages) {
    const last = all.at(-1);
    if (last?.role === "user" && message.role === "user")
      all.splice(-1, 1, { role: "user", content: `${String(last.content)}\n\n${String(message.content)}` });
    else all.push(message);
  }
  return all;
}

function toWireTool(tool: ChatRequest["tools"][number]): Record<string, unknown> {
  return {
    type: "function",
    function: { name: tool.name, description: tool.description, parameters: tool.inputSchema },
  };
}
