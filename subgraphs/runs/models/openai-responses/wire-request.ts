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
  reasoningSummary?: string | undefined;
  /** Name of this server and model; what another one gave is not sent to it. */
  by: string;
  /** What this server does not take. */
  quirks: ReadonlySet<Quirk>;
}

/**
 * The JSON body of POST /responses. Nothing is stored with the server, so the whole conversation goes along; what a
 * model thought comes encrypted for that, and goes back as it came.
 */
export function toWireRequest(request: ChatRequest, options: WireOptions): Record<string, unknown> {
  const { model, quirks } = options;
  const hasTools = request.tools.length > 0 && !quirks.has("NO_TOOLS");
  const system = request.messages.filter(({ role }) => role === "system").map(({ content }) => content);
  const instructions = system.join("\n\n");
  const asUser = quirks.has("NO_SYSTEM_ROLE") && instructions !== "";
  const input = toInput(request.messages, options);
  const format = toOutputFormat(request, quirks);
  return {
    model,
    ...(instructions === "" || asUser ? {} : { instructions }),
    input: asUser ? [toUser(instructions), ...input] : input,
    ...(hasTools ? { tools: request.tools.map(toWireTool) } : {}),
    ...(quirks.has("NO_ENCRYPTED_REASONING") ? {} : { include: ["reasoning.encrypted_content"] }),
    ...(format === undefined ? {} : { text: { format: { type: "json_schema", ...format } } }),
    ...toWireParams(options, outputLimit(request, options.params)),
    store: false,
    stream: true,
  };
}

/**
 * What the profile says of sampling and lengths, as far as there is a word for it here, and what the server takes of
 * it.
 */
function toWireParams(
  { params = {}, reasoningSummary: summary, quirks }: WireOptions,
  tokens: number | undefined,
): Record<string, unknown> {
  const { temperature, topP } = params;
  const effort = quirks.has("NO_REASONING_EFFORT") ? undefined : params.reasoningEffort;
  const reasoning = { ...(effort === undefined ? {} : { effort }), ...(summary === undefined ? {} : { summary }) };
  return {
    ...(Object.keys(reasoning).length === 0 ? {} : { reasoning }),
    ...(temperature === undefined || quirks.has("NO_TEMPERATURE") ? {} : { temperature }),
    ...(topP === undefined || quirks.has("NO_TOP_P") ? {} : { top_p: topP }),
    ...(tokens === undefined ? {} : { max_output_tokens: tokens }),
  };
}

/** Kinds of items in a request that this server alone gave. */
export function extraFields(messages: readonly ChatMessage[], by: string): string[] {
  const items = messages.flatMap((message) => (message.role === "assistant" ? ownItems(message, by) : []));
  return items.length === 0 ? [] : ["encrypted_content", ...new Set(items.map(({ type }) => String(type)))];
}

type AssistantMessage = Extract<ChatMessage, { role: "assistant" }>;

/** The items of an answer that this server gave; none for another one's. */
function ownItems({ given }: AssistantMessage, by: string): JsonObject[] {
  return given?.by === by && Array.isArray(given.fields.output) ? given.fields.output.filter(isObject) : [];
}

function isObject(item: Json): item is JsonObject {
  return isRecord(item);
}

function toInput(messages: readonly ChatMessage[], { by, quirks }: WireOptions): unknown[] {
  // Ids of calls as this server knows them, by ours; the newest call of an id is the one that is answered.
  const ids = new Map<string, string>();
  return messages.flatMap((message): unknown[] => {
    if (message.role === "system") return [];
    if (message.role === "user") return [toUser(message.content)];
    if (message.role === "tool")
      return [
        {
          type: "function_call_output",
          call_id: ids.get(message.toolCallId) ?? foreignId(message.toolCallId),
          output: message.content,
        },
      ];
    const items = ownItems(message, by);
    for (const call of message.toolCalls ?? []) ids.set(call.id, callIdOf(call, items.length > 0));
    if (items.length === 0 || quirks.has("NO_EXTRA_FIELDS")) return toItems(message, ids);
    return items.map(withReadableArguments);
  });
}

function callIdOf({ id, given }: ToolCall, isOwn: boolean): string {
  return isOwn && typeof given?.call_id === "string" ? given.call_id : foreignId(id);
}

/** An answer in the words that every server of this kind understands. A turn in which nothing was said is none. */
function toItems({ content, toolCalls = [] }: AssistantMessage, ids: ReadonlyMap<string, string>): unknown[] {
  const said = { type: "message", role: "assistant", content: [{ type: "output_text", text: content }] };
  return [
    ...(content.trim() === "" ? [] : [said]),
    ...toolCalls.map((call) => ({
      type: "function_call",
      call_id: ids.get(call.id),
      name: call.name,
      arguments: readableArguments(call.arguments),
    })),
  ];
}

/** Unchanged, but for arguments that are no JSON, on which servers fail. */
function withReadableArguments(item: JsonObject): JsonObject {
  if (item.type !== "function_call" || typeof item.arguments !== "string") return item;
  return { ...item, arguments: readableArguments(item.arguments) };
}

function toUser(text: string) {
  return { type: "message", role: "user", content: [{ type: "input_text", text }] };
}

/** Strict schemas are another dialect of JSON Schema; ours are checked by us. */
function toWireTool({ name, description, inputSchema }: ChatRequest["tools"][number]) {
  return { type: "function", name, description, parameters: inputSchema, strict: false };
}
