import { isRecord } from "@soma/schemas/json";
import type { ChatMessage, ToolCall } from "@soma/sdk/model-client";
import type { Asked, Door } from "../model-server.ts";
import { BadRequest } from "../wire-messages.ts";
import { type ModelAnswer, words } from "../wire-stream.ts";
import { geminiEmbeddings } from "./embeddings.ts";

const THOUGHT = "The person wants to know something.";

type Part = Record<string, unknown>;
type Content = { role?: unknown; parts: Part[] };

/**
 * Gemini by its own wire: calls have names and no ids, the first of an answer is signed and its signature must come
 * back, there are as many results as calls, and the model stands in the path.
 */
export function gemini(): Door {
  let count = 0;
  const given = new Set<string>();
  return {
    base: "/v1beta",
    operation: /^\/models\/[^/]+:streamGenerateContent$/,
    keyOf: ({ "x-goog-api-key": key }) => (typeof key === "string" ? key : undefined),
    read(body, { path }) {
      const contents = Array.isArray(body.contents) ? (body.contents as Content[]) : [];
      checkContents(contents, given);
      const { parts = [] } = isRecord(body.systemInstruction) ? (body.systemInstruction as unknown as Content) : {};
      const system = parts.map(({ text }) => String(text)).join("\n\n");
      return {
        model: path.slice("/models/".length).replace(/:.*/, ""),
        messages: [
          ...(system === "" ? [] : [{ role: "system" as const, content: system }]),
          ...contents.flatMap((content, at) => toMessages(content, at)),
        ],
        tools: toTools(body.tools),
        output: outputOf(body.generationConfig),
        isStream: true,
        body,
      };
    },
    lines(answer) {
      count += 1;
      given.add(`signature-${count}`);
      return toChunks(answer, `signature-${count}`).map((chunk) => `data: ${JSON.stringify(chunk)}\r\n\r\n`);
    },
    whole: () => {
      throw new BadRequest("this stand-in only streams");
    },
    embeddings: geminiEmbeddings,
    error: (code, message) => ({
      error: { code, message, status: code === 429 ? "RESOURCE_EXHAUSTED" : "INVALID_ARGUMENT" },
    }),
  };
}

function toChunks(answer: ModelAnswer, signature: string): object[] {
  const chunk = (parts: Part[], more: object = {}) => ({
    candidates: [{ content: { role: "model", parts }, index: 0, ...more }],
    usageMetadata: { promptTokenCount: 20, candidatesTokenCount: 14, totalTokenCount: 34 },
    modelVersion: "test-model",
  });
  const calls = answer.toolCalls.map(({ name, arguments: written }, at) => ({
    functionCall: { name, args: JSON.parse(written) as object },
    ...(at === 0 ? { thoughtSignature: signature } : {}),
  }));
  return [
    ...words(answer.thinking ?? THOUGHT).map((text) => chunk([{ text, thought: true }])),
    ...words(answer.text).map((text) => chunk([{ text }])),
    ...(calls.length === 0 ? [] : [chunk(calls)]),
    chunk([{ text: "" }], { finishReason: "STOP" }),
  ];
}

function checkContents(contents: readonly Content[], given: ReadonlySet<string>): void {
  for (const [at, { role, parts }] of contents.entries()) {
    if (role !== "user" && role !== "model") throw new BadRequest("Please use a valid role: user, model.");
    if (parts.length === 0) throw new BadRequest("contents.parts must not be empty");
    const calls = parts.filter(({ functionCall }) => functionCall !== undefined);
    const results = contents[at + 1]?.parts.filter(({ functionResponse }) => functionResponse !== undefined) ?? [];
    if (calls.length !== (calls.length === 0 ? 0 : results.length))
      throw new BadRequest(
        "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.",
      );
    const [first] = calls;
    // What another model began comes with a word instead of a signature, which Google's pages name for that.
    const signature = String(first?.thoughtSignature);
    if (first !== undefined && !given.has(signature) && !signature.startsWith("skip_thought_signature"))
      throw new BadRequest("Function call is missing a thought_signature in functionCall parts.");
  }
}

/** Calls and results are matched by their order, as they have no ids. */
function toMessages({ role, parts }: Content, at: number): ChatMessage[] {
  const text = parts.map((part) => (typeof part.text === "string" && part.thought !== true ? part.text : "")).join("");
  if (role === "user") {
    const results = parts
      .filter((part) => isRecord(part.functionResponse))
      .map((part, index): ChatMessage => {
        const { response } = part.functionResponse as { response: Record<string, unknown> };
        return { role: "tool", toolCallId: `${at - 1}:${index}`, content: String(response.content) };
      });
    return [...results, ...(text === "" ? [] : [{ role: "user" as const, content: text }])];
  }
  const toolCalls = parts
    .filter((part) => isRecord(part.functionCall))
    .map((part, index): ToolCall => {
      const { name, args } = part.functionCall as { name: string; args: unknown };
      return { id: `${at}:${index}`, name, arguments: JSON.stringify(args) };
    });
  return [{ role: "assistant", content: text, ...(toolCalls.length === 0 ? {} : { toolCalls }) }];
}

function outputOf(config: unknown): Asked["output"] {
  if (!isRecord(config) || config.responseMimeType !== "application/json") return undefined;
  return { name: "answer", schema: config.responseJsonSchema };
}

function toTools(value: unknown): Asked["tools"] {
  const lists = Array.isArray(value) ? (value as unknown[]).filter(isRecord) : [];
  const declared = lists.flatMap(
    ({ functionDeclarations }) => (functionDeclarations ?? []) as Record<string, unknown>[],
  );
  return declared.map(({ name, description, parameters }) => ({
    ...{ name: String(name), description: String(description), inputSchema: parameters },
  }));
}
