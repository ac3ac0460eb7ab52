import type {
  JSONSchema7,
  LanguageModelV4CallOptions,
  LanguageModelV4FunctionTool,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
} from "@ai-sdk/provider";
import type { ModelProfile } from "@soma/conf/models";
import type { ChatMessage, ChatRequest, ToolCall } from "@soma/sdk/model-client";
import { foreignId, readableArguments } from "../calls-of-answer.ts";
import { outputLimit } from "../output-limit.ts";

export interface PromptOptions {
  /** Name of the package and model; what another one gave is not sent to it. */
  by: string;
  params?: ModelProfile["params"] | undefined;
  providerOptions?: LanguageModelV4CallOptions["providerOptions"] | undefined;
}

/** What a model of the AI SDK is asked. */
export function toCallOptions(request: ChatRequest, options: PromptOptions): LanguageModelV4CallOptions {
  const { params = {}, providerOptions } = options;
  const { output } = request;
  const maxOutputTokens = outputLimit(request, params);
  return {
    prompt: toPrompt(request.messages, options.by),
    ...(request.tools.length === 0 ? {} : { tools: request.tools.map(toTool) }),
    ...(output === undefined ? {} : { responseFormat: toFormat(output) }),
    ...toParams(params),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(providerOptions === undefined ? {} : { providerOptions }),
  };
}

/** What the profile says of sampling, in the words of the AI SDK; its packages leave out what a model does not take. */
function toParams({ temperature, topP, seed, stop, reasoningEffort }: NonNullable<PromptOptions["params"]>) {
  return {
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(seed === undefined ? {} : { seed }),
    ...(stop === undefined ? {} : { stopSequences: stop }),
    ...(reasoningEffort === undefined ? {} : { reasoning: reasoningEffort }),
  };
}

function toPrompt(messages: readonly ChatMessage[], by: string): LanguageModelV4Prompt {
  // Calls as this model knows them, by our ids; the newest call of an id is the one that is answered.
  const calls = new Map<string, { toolCallId: string; toolName: string }>();
  const prompt = messages.flatMap((message): LanguageModelV4Message[] => {
    if (message.role === "system") return [{ role: "system", content: message.content }];
    if (message.role === "user") return [{ role: "user", content: [{ type: "text", text: message.content }] }];
    if (message.role === "tool") {
      const call = calls.get(message.toolCallId) ?? { toolCallId: foreignId(message.toolCallId), toolName: "unknown" };
      return [
        { role: "tool", content: [{ type: "tool-result", ...call, output: { type: "text", value: message.content } }] },
      ];
    }
    const parts = ownParts(message, by);
    for (const call of message.toolCalls ?? [])
      calls.set(call.id, { toolCallId: callIdOf(call, parts !== undefined), toolName: call.name });
    const content = parts ?? toParts(message, calls);
    return content.length === 0 ? [] : [{ role: "assistant", content }];
  });
  return joinResults(prompt);
}

/** Results of calls that were made at once are one turn, as some providers count them. */
function joinResults(messages: readonly LanguageModelV4Message[]): LanguageModelV4Prompt {
  const all: LanguageModelV4Message[] = [];
  for (const message of messages) {
    const last = all.at(-1);
    if (last?.role === "tool" && message.role === "tool")
      all.splice(-1, 1, { role: "tool", content: [...last.content, ...message.content] });
    else all.push(message);
  }
  return all;
}

type AssistantMessage = Extract<ChatMessage, { role: "assistant" }>;
type AssistantParts = Extract<LanguageModelV4Message, { role: "assistant" }>["content"];

/** The parts of an answer that this model gave, with its signatures; undefined for another one's. */
function ownParts({ given }: AssistantMessage, by: string): AssistantParts | undefined {
  if (given?.by !== by || !Array.isArray(given.fields.parts)) return undefined;
  return given.fields.parts as unknown as AssistantParts;
}

function callIdOf({ id, given }: ToolCall, isOwn: boolean): string {
  return isOwn && typeof given?.id === "string" ? given.id : foreignId(id);
}

/** An answer in the words that every model understands. A turn in which nothing was said is none. */
function toParts(
  { content, toolCalls = [] }: AssistantMessage,
  calls: ReadonlyMap<string, { toolCallId: string; toolName: string }>,
): AssistantParts {
  return [
    ...(content.trim() === "" ? [] : [{ type: "text" as const, text: content }]),
    ...toolCalls.map((call) => ({
      ...{ type: "tool-call" as const, toolCallId: foreignId(call.id), toolName: call.name, ...calls.get(call.id) },
      input: JSON.parse(readableArguments(call.arguments)) as unknown,
    })),
  ];
}

function toFormat({
  name,
  schema,
}: NonNullable<ChatRequest["output"]>): NonNullable<LanguageModelV4CallOptions["responseFormat"]> {
  return { type: "json", name, schema: schema as JSONSchema7 };
}

function toTool({ name, description, inputSchema }: ChatRequest["tools"][number]): LanguageModelV4FunctionTool {
  return { type: "function", name, description, inputSchema: inputSchema as JSONSchema7 };
}
