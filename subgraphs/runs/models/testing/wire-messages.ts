import { isRecord } from "@soma/schemas/json";
import type { ChatMessage, ToolCall, ToolDefinition } from "@soma/sdk/model-client";

/**
 * A request a real server would refuse: with 400 where nothing else is said, and with a body of its own where it has
 * one.
 */
export class BadRequest extends Error {
  readonly status: number;
  readonly body: object | undefined;

  constructor(message: string, status = 400, body?: object) {
    super(message);
    this.status = status;
    this.body = body;
  }
}

/**
 * The messages of a request body, checked as strictly as OpenAI does: every tool call is answered, and nothing else is.
 */
export function parseMessages(value: unknown): ChatMessage[] {
  if (!Array.isArray(value) || value.length === 0)
    throw new BadRequest("'messages' must be a list with at least one message");
  const messages = value.map(parseMessage);
  let open = new Set<string>();
  for (const message of messages) {
    if (message.role === "tool") {
      if (!open.delete(message.toolCallId))
        throw new BadRequest(
          `messages with role 'tool' must answer a preceding tool call; '${message.toolCallId}' is none`,
        );
      continue;
    }
    requireAnswered(open);
    if (message.role === "assistant") open = new Set(message.toolCalls?.map((call) => call.id));
  }
  requireAnswered(open);
  return messages;
}

function requireAnswered(open: ReadonlySet<string>): void {
  if (open.size > 0) throw new BadRequest(`tool calls without an answer: ${[...open].join(", ")}`);
}

function parseMessage(value: unknown): ChatMessage {
  if (!isRecord(value)) throw new BadRequest("a message must be an object");
  const { role, content } = value;
  if (role === "assistant") {
    const toolCalls = Array.isArray(value.tool_calls) ? value.tool_calls.map(parseToolCall) : [];
    if (typeof content !== "string" && toolCalls.length === 0)
      throw new BadRequest("an assistant message must have content or tool_calls");
    return {
      role,
      content: typeof content === "string" ? content : "",
      ...(toolCalls.length === 0 ? {} : { toolCalls }),
    };
  }
  if (typeof content !== "string") throw new BadRequest(`the content of a ${String(role)} message must be text`);
  if (role === "system" || role === "user") return { role, content };
  if (role === "tool" && typeof value.tool_call_id === "string")
    return { role, toolCallId: value.tool_call_id, content };
  throw new BadRequest(`a message cannot have role ${JSON.stringify(role)}`);
}

function parseToolCall(value: unknown): ToolCall {
  const made = isRecord(value) ? value.function : undefined;
  if (
    !isRecord(value) ||
    !isRecord(made) ||
    typeof value.id !== "string" ||
    typeof made.name !== "string" ||
    typeof made.arguments !== "string"
  ) {
    throw new BadRequest("a tool call must have an id and a function with name and arguments as text");
  }
  return { id: value.id, name: made.name, arguments: made.arguments };
}

/** The tools of a request body; OpenAI refuses an empty list. */
export function parseTools(value: unknown): ToolDefinition[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length === 0)
    throw new BadRequest("'tools' must be a list with at least one tool");
  return value.map((tool: unknown) => {
    const made = isRecord(tool) ? tool.function : undefined;
    if (!isRecord(made) || typeof made.name !== "string" || !/^[a-zA-Z0-9_-]{1,64}$/.test(made.name)) {
      throw new BadRequest("a tool must be a function with a name of at most 64 letters, digits, _ and -");
    }
    return {
      name: made.name,
      description: typeof made.description === "string" ? made.description : "",
      inputSchema: made.parameters,
    };
  });
}
