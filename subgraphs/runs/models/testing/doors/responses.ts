import { isRecord } from "@soma/schemas/json";
import type { ChatMessage, ToolCall } from "@soma/sdk/model-client";
import type { Asked, Door } from "../model-server.ts";
import { BadRequest } from "../wire-messages.ts";
import { parseOutput } from "../wire-output.ts";
import { inPieces, type ModelAnswer, toUsage, words } from "../wire-stream.ts";

const KNOWN = new Set([
  ...["model", "input", "instructions", "tools", "tool_choice", "stream", "store", "include", "reasoning", "metadata"],
  ...["temperature", "top_p", "max_output_tokens", "parallel_tool_calls", "text", "truncation"],
]);

type Item = Record<string, unknown> & { type: string };

/**
 * Open Responses as OpenAI serves it to whoever stores nothing: what the model thought comes encrypted, must come back
 * with the calls it led to, and no other server could have made it. The items of an answer come between each other.
 */
export function responses(): Door {
  let count = 0;
  /** Encrypted thoughts that were given, by the id of the call they led to. */
  const thoughts = new Map<string, string>();
  const toItems = (answer: ModelAnswer): Item[] => {
    count += 1;
    const secret = `encrypted-thought-${count}`;
    const calls = answer.toolCalls.map((call, index) => {
      const id = `fc_${count}_${index}`;
      thoughts.set(id, secret);
      return { id, type: "function_call", status: "completed", call_id: `call_${count}_${index}`, ...call };
    });
    const summary = [{ type: "summary_text", text: answer.thinking ?? "thinking" }];
    const text = { type: "output_text", text: answer.text, annotations: [] };
    return [
      { id: `rs_${count}`, type: "reasoning", summary, encrypted_content: secret },
      ...(answer.text === ""
        ? []
        : [{ id: `msg_${count}`, type: "message", role: "assistant", status: "completed", content: [text] }]),
      ...calls,
    ];
  };
  const toResponse = (answer: ModelAnswer, { model }: Asked, output: Item[]) => {
    const { prompt_tokens: input, completion_tokens: made } = toUsage(answer);
    const usage = { input_tokens: input, output_tokens: made, total_tokens: input + made };
    return { id: `resp_${count}`, object: "response", status: "completed", error: null, model, output, usage };
  };
  return {
    base: "/v1",
    operation: /^\/responses$/,
    keyOf: ({ authorization }) => authorization?.replace("Bearer ", ""),
    read(body) {
      for (const name of Object.keys(body)) if (!KNOWN.has(name)) throw new BadRequest(`Unknown parameter: '${name}'.`);
      const input = Array.isArray(body.input) ? (body.input as Item[]) : [];
      if (input.length === 0) throw new BadRequest("Missing required parameter: 'input'.");
      checkThoughts(input, thoughts);
      return {
        model: String(body.model),
        messages: [
          ...(typeof body.instructions === "string" ? [{ role: "system" as const, content: body.instructions }] : []),
          ...toMessages(input),
        ],
        tools: toTools(body.tools),
        output: parseOutput(isRecord(body.text) ? body.text.format : undefined),
        isStream: body.stream === true,
        body,
      };
    },
    lines(answer, asked) {
      const items = toItems(answer);
      const response = toResponse(answer, asked, items);
      const events = [
        { type: "response.created", response: { ...response, status: "in_progress", output: [] } },
        { type: "keepalive" },
        ...items.map((item, index) => ({ type: "response.output_item.added", output_index: index, item: begun(item) })),
        ...deltasOf(items),
        ...items.map((item, index) => ({ type: "response.output_item.done", output_index: index, item })),
        { type: "response.completed", response },
      ];
      return events.map((event, number) => {
        const data = JSON.stringify({ ...event, sequence_number: number });
        return `event: ${event.type}\ndata: ${data}\n\n`;
      });
    },
    whole: (answer, asked) => JSON.stringify(toResponse(answer, asked, toItems(answer))),
    error: (status, message) => ({
      error: { message, type: status === 429 ? "rate_limit_exceeded" : "invalid_request_error", code: null },
    }),
  };
}

function begun(item: Item): Item {
  if (item.type === "message") return { ...item, status: "in_progress", content: [] };
  if (item.type === "function_call") return { ...item, status: "in_progress", arguments: "" };
  return { ...item, summary: [] };
}

/** The pieces of all items, in turn. */
function deltasOf(items: readonly Item[]): { type: string }[] {
  const all = items.map((item, index) => {
    const place = { item_id: item.id, output_index: index };
    if (item.type === "function_call")
      return inPieces(String(item.arguments)).map((delta) => ({
        type: "response.function_call_arguments.delta",
        ...{ ...place, delta },
      }));
    const [{ text }] = (item.content ?? item.summary) as [{ text: string }];
    const type = item.type === "message" ? "response.output_text.delta" : "response.reasoning_summary_text.delta";
    return words(text).map((delta) => ({ type, ...place, delta }));
  });
  const longest = Math.max(...all.map((pieces) => pieces.length));
  return Array.from({ length: longest }, (_, at) => all.flatMap((pieces) => pieces[at] ?? [])).flat();
}

function checkThoughts(input: readonly Item[], thoughts: ReadonlyMap<string, string>): void {
  const known = new Set(thoughts.values());
  const given = new Set(input.filter(({ type }) => type === "reasoning").map((item) => String(item.encrypted_content)));
  for (const secret of given)
    if (!known.has(secret)) throw new BadRequest(`The encrypted content ${secret} could not be verified.`);
  for (const item of input) {
    const secret = item.type === "function_call" && typeof item.id === "string" ? thoughts.get(item.id) : undefined;
    if (secret !== undefined && !given.has(secret))
      throw new BadRequest(
        `Item '${item.id}' of type 'function_call' was provided without its required 'reasoning' item`,
      );
  }
}

function toMessages(input: readonly Item[]): ChatMessage[] {
  const messages: ChatMessage[] = [];
  const open = new Set<string>();
  for (const item of input) {
    if (item.type === "reasoning") continue;
    if (item.type === "message") messages.push(toMessage(item));
    else if (item.type === "function_call") {
      const call = toCall(item);
      open.add(call.id);
      const last = messages.at(-1);
      if (last?.role === "assistant") messages.splice(-1, 1, { ...last, toolCalls: [...(last.toolCalls ?? []), call] });
      else messages.push({ role: "assistant", content: "", toolCalls: [call] });
    } else if (item.type === "function_call_output") {
      if (!open.delete(String(item.call_id)))
        throw new BadRequest(`No tool call found for function call output with call_id ${item.call_id}.`);
      messages.push({ role: "tool", toolCallId: String(item.call_id), content: String(item.output) });
    } else throw new BadRequest(`Invalid value: '${item.type}'. Supported values are: 'message', 'function_call'.`);
  }
  if (open.size > 0) throw new BadRequest(`No tool output found for function call ${[...open].join(", ")}.`);
  return messages;
}

function toMessage({ role, content }: Item): ChatMessage {
  const kind = role === "assistant" ? "output_text" : "input_text";
  const parts = Array.isArray(content) ? (content as unknown[]).filter(isRecord) : [];
  const wrong = parts.find(({ type }) => type !== kind);
  if (parts.length === 0 || wrong !== undefined || (role !== "assistant" && role !== "user"))
    throw new BadRequest(`Invalid value: '${String(wrong?.type ?? role)}'. Supported values are: '${kind}'.`);
  return { role, content: parts.map(({ text }) => String(text)).join("") };
}

function toCall({ call_id: id, name, arguments: written }: Item): ToolCall {
  if (typeof id !== "string" || typeof name !== "string" || typeof written !== "string")
    throw new BadRequest("Missing required parameter: 'input[].call_id', 'input[].name' or 'input[].arguments'.");
  return { id, name, arguments: written };
}

function toTools(value: unknown): Asked["tools"] {
  return (Array.isArray(value) ? (value as unknown[]) : []).map((tool) => {
    if (!isRecord(tool) || tool.type !== "function" || typeof tool.name !== "string")
      throw new BadRequest("Missing required parameter: 'tools[0].name'.");
    return { name: tool.name, description: String(tool.description), inputSchema: tool.parameters };
  });
}
