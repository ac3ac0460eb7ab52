import { isRecord } from "@soma/schemas/json";
import type { ChatMessage, ToolCall } from "@soma/sdk/model-client";
import type { Asked, Door } from "../model-server.ts";
import { BadRequest } from "../wire-messages.ts";
import { inPieces, type ModelAnswer, words } from "../wire-stream.ts";

const KNOWN = [
  "model",
  "messages",
  "system",
  "tools",
  "tool_choice",
  "max_tokens",
  "stream",
  "temperature",
  "thinking",
];

const JSON_TOOL = "json";

const THOUGHT = "The person wants to know something.";

type Block = Record<string, unknown> & { type: string };
type Turn = { role: string; content: Block[] };

/**
 * Anthropic's messages: fields it does not know are refused, turns alternate, every call is answered in the turn right
 * after it, and a signed thought must come back before the calls it led to, word for word.
 */
export function anthropic(): Door {
  let count = 0;
  /** Signatures that were given, by the id of the call they led to. */
  const signatures = new Map<string, string>();
  /** What was thought, by its signature. */
  const thoughts = new Map<string, string>();
  const toBlocks = (answer: ModelAnswer): Block[] => {
    count += 1;
    const signature = `signature-${count}`;
    const thought = answer.thinking ?? THOUGHT;
    thoughts.set(signature, thought);
    const calls = answer.toolCalls.map((call, index) => {
      const id = `toolu_${count}_${index}`;
      signatures.set(id, signature);
      return { type: "tool_use", id, name: call.name, input: JSON.parse(call.arguments) as object };
    });
    return [
      { type: "thinking", thinking: thought, signature },
      ...(answer.text === "" ? [] : [{ type: "text", text: answer.text }]),
      ...calls,
    ];
  };
  return {
    base: "/v1",
    operation: /^\/messages$/,
    keyOf: ({ "x-api-key": key }) => (typeof key === "string" ? key : undefined),
    read(body) {
      const strange = Object.keys(body).find((name) => !KNOWN.includes(name));
      if (strange !== undefined) throw refusal(`${strange}: Extra inputs are not permitted`);
      if (typeof body.max_tokens !== "number") throw refusal("max_tokens: Field required");
      const turns = Array.isArray(body.messages) ? (body.messages as unknown[]).map(toTurn) : [];
      checkTurns(turns);
      for (const { content } of turns) checkThoughts(content, signatures, thoughts);
      const system = Array.isArray(body.system)
        ? (body.system as Block[]).map(({ text }) => String(text)).join("\n\n")
        : "";
      return {
        model: String(body.model),
        messages: [
          ...(system === "" ? [] : [{ role: "system" as const, content: system }]),
          ...turns.flatMap(toMessages),
        ],
        tools: toTools(body.tools).filter(({ name }) => name !== JSON_TOOL),
        output: outputOf(body),
        isStream: body.stream === true,
        body,
      };
    },
    lines(said, { model, output }) {
      const answer = output === undefined ? said : asCall(said);
      return toEvents(toBlocks(answer), answer, model).map(toLine);
    },
    whole: () => {
      throw new BadRequest("this stand-in only streams");
    },
    error: errorBody,
  };
}

function errorBody(status: number, message: string): object {
  const type = status === 429 ? "rate_limit_error" : status === 529 ? "overloaded_error" : "invalid_request_error";
  return { type: "error", error: { type, message } };
}

function refusal(message: string): BadRequest {
  return new BadRequest(message);
}

function toLine(event: { type: string }): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

function toEvents(blocks: readonly Block[], answer: ModelAnswer, model: string): { type: string }[] {
  const usage = { input_tokens: 20, output_tokens: 1 };
  const message = { id: "msg_1", type: "message", role: "assistant", model, content: [], stop_reason: null, usage };
  const delta = { stop_reason: answer.toolCalls.length > 0 ? "tool_use" : "end_turn", stop_sequence: null };
  return [
    { type: "message_start", message },
    { type: "ping" },
    ...blocks.flatMap((block, index) => [
      { type: "content_block_start", index, content_block: begun(block) },
      ...deltasOf(block).map((piece) => ({ type: "content_block_delta", index, delta: piece })),
      { type: "content_block_stop", index },
    ]),
    { type: "message_delta", delta, usage: { output_tokens: 14 } },
    { type: "message_stop" },
  ] as { type: string }[];
}

function begun(block: Block): Block {
  if (block.type === "thinking") return { ...block, thinking: "", signature: "" };
  return block.type === "text" ? { ...block, text: "" } : { ...block, input: {} };
}

function deltasOf(block: Block): object[] {
  if (block.type === "text") return words(String(block.text)).map((text) => ({ type: "text_delta", text }));
  if (block.type === "tool_use")
    return inPieces(JSON.stringify(block.input)).map((piece) => ({ type: "input_json_delta", partial_json: piece }));
  return [
    ...words(String(block.thinking)).map((thinking) => ({ type: "thinking_delta", thinking })),
    { type: "signature_delta", signature: block.signature },
  ];
}

function toTurn(value: unknown): Turn {
  const { role, content } = isRecord(value) ? value : {};
  const blocks = typeof content === "string" ? [{ type: "text", text: content }] : content;
  if (!Array.isArray(blocks) || blocks.length === 0) throw refusal("messages: content must not be empty");
  if (role !== "user" && role !== "assistant") throw refusal(`messages: Unexpected role "${String(role)}"`);
  const blank = (blocks as Block[]).some(({ type, text }) => type === "text" && String(text).trim() === "");
  if (blank) throw refusal("messages: text content blocks must be non-empty");
  return { role, content: blocks as Block[] };
}

function checkTurns(turns: readonly Turn[]): void {
  for (const [at, { role, content }] of turns.entries()) {
    if (role !== (at % 2 === 0 ? "user" : "assistant")) throw refusal("messages: roles must alternate, user first");
    const asked = content.filter(({ type }) => type === "tool_use").map(({ id }) => id);
    const answers = turns[at + 1]?.content.filter(({ type }) => type === "tool_result") ?? [];
    const missing = asked.filter((id) => !answers.some((block) => block.tool_use_id === id));
    if (missing.length > 0)
      throw refusal(
        `\`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing.join(", ")}`,
      );
  }
}

function checkThoughts(
  content: readonly Block[],
  signatures: ReadonlyMap<string, string>,
  thoughts: ReadonlyMap<string, string>,
): void {
  for (const { type, signature, thinking } of content)
    if (type === "thinking" && thoughts.get(String(signature)) !== thinking)
      throw refusal("Invalid `signature` in `thinking` block");
  const call = content.find(({ type }) => type === "tool_use");
  const wanted = signatures.get(String(call?.id));
  if (wanted !== undefined && content[0]?.signature !== wanted)
    throw refusal("Expected `thinking` or `redacted_thinking`, but found `tool_use`");
}

function toMessages({ role, content }: Turn): ChatMessage[] {
  const results = content.filter(({ type }) => type === "tool_result");
  const text = content.flatMap((block) => (block.type === "text" ? [String(block.text)] : [])).join("");
  if (role === "user")
    return [
      ...results.map(
        (block): ChatMessage => ({
          role: "tool",
          toolCallId: String(block.tool_use_id),
          content: textOf(block.content),
        }),
      ),
      ...(text === "" ? [] : [{ role: "user" as const, content: text }]),
    ];
  const toolCalls = content
    .filter(({ type }) => type === "tool_use")
    .map(
      (block): ToolCall => ({ id: String(block.id), name: String(block.name), arguments: JSON.stringify(block.input) }),
    );
  return [{ role: "assistant", content: text, ...(toolCalls.length === 0 ? {} : { toolCalls }) }];
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return Array.isArray(content) ? (content as Block[]).map(({ text }) => String(text)).join("") : "";
}

/** Models without a format of their own are held to a schema by a tool that they must call. */
function outputOf({ tools, tool_choice: choice }: Record<string, unknown>): Asked["output"] {
  const tool = toTools(tools).find(({ name }) => name === JSON_TOOL);
  if (tool === undefined) return undefined;
  if (!isRecord(choice) || choice.type !== "any") throw refusal("tool_choice: the tool json is not forced");
  return { name: tool.name, schema: tool.inputSchema };
}

function asCall(answer: ModelAnswer): ModelAnswer {
  return answer.toolCalls.length > 0
    ? answer
    : { ...answer, text: "", toolCalls: [{ name: JSON_TOOL, arguments: answer.text }] };
}

function toTools(value: unknown): Asked["tools"] {
  return (Array.isArray(value) ? (value as unknown[]) : []).map((tool) => {
    if (!isRecord(tool) || typeof tool.name !== "string" || !isRecord(tool.input_schema))
      throw refusal("tools.0: Input should have a name and an input_schema");
    return { name: tool.name, description: String(tool.description), inputSchema: tool.input_schema };
  });
}
