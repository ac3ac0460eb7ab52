import { isRecord } from "@soma/schemas/json";
import type { EmbeddingClient } from "@soma/sdk/embedding-client";
import { describeOutput, readOutput, toJsonOutput } from "@soma/sdk/json-output";
import type { ChatEvent, ChatRequest, ModelClient, ToolDefinition } from "@soma/sdk/model-client";
import { toSomaError } from "@soma/shared/errors";

/** What of a model was tried, whether it works, and what came. */
export interface ModelCheck {
  what: "TEXT" | "STREAM" | "TOOL_CALL" | "JSON" | "EMBEDDINGS";
  ok: boolean;
  detail: string;
}

/** Characters of an answer that are shown. */
const SHOWN = 80;
const TOOL: ToolDefinition = {
  name: "calculate",
  description: "Calculates an arithmetic expression.",
  inputSchema: {
    type: "object",
    properties: { expression: { type: "string", description: "such as 1+2" } },
    required: ["expression"],
    additionalProperties: false,
  },
};

const OUTPUT = toJsonOutput({
  name: "sum",
  schema: {
    type: "object",
    properties: { sum: { type: "integer" }, isEven: { type: "boolean" } },
    required: ["sum", "isEven"],
    additionalProperties: false,
  },
});
const JSON_QUESTION = `What is 20+22, and is it even? ${describeOutput(OUTPUT)}`;

/** Asks a model small things, and tells what of it works. What says nothing at all is asked nothing more. */
export async function tryModel(client: ModelClient, signal: AbortSignal): Promise<ModelCheck[]> {
  const ask = (content: string, more: Partial<ChatRequest> = {}): Promise<ChatEvent[]> =>
    Array.fromAsync(client.chat({ messages: [{ role: "user", content }], tools: [], ...more }, signal));
  const said = await check("TEXT", async () => toText(await ask("Count from one to five, in words.")));
  if (!said.ok) {
    const rest = (["STREAM", "TOOL_CALL", "JSON"] as const).map((what) => ({ what, ok: false, detail: "not asked" }));
    return [toCheck(said), ...rest];
  }
  return [
    toCheck(said),
    toCheck(await check("STREAM", async () => toPieces(said.events ?? []))),
    toCheck(
      await check("TOOL_CALL", async () =>
        toCall(await ask("What is 37*12? Use the tool calculate.", { tools: [TOOL] })),
      ),
    ),
    toCheck(await check("JSON", async () => toJson(await ask(JSON_QUESTION, { output: OUTPUT })))),
  ];
}

/** Asks for the vectors of two texts, or of one where it takes no more. */
export async function tryEmbeddings(client: EmbeddingClient, signal: AbortSignal): Promise<ModelCheck[]> {
  const made = check("EMBEDDINGS", async () => {
    const texts = ["Invoices above 500 euro need a manager.", "A cat sleeps."];
    const { vectors } = await client.embed(texts.slice(0, client.mostTexts), signal);
    const length = Math.hypot(...(vectors[0] ?? []));
    return {
      ok: length > 0,
      detail: `${vectors.length} vectors of ${client.dimensions} numbers, of length ${length.toFixed(2)}`,
    };
  });
  return [toCheck(await made)];
}

interface Found {
  ok: boolean;
  detail: string;
  events?: ChatEvent[];
}

async function check(
  what: ModelCheck["what"],
  look: () => Promise<Found>,
): Promise<Found & { what: ModelCheck["what"] }> {
  try {
    return { what, ...(await look()) };
  } catch (error) {
    return { what, ok: false, detail: toSomaError(error).publicMessage };
  }
}

function toCheck({ what, ok, detail }: Found & { what: ModelCheck["what"] }): ModelCheck {
  return { what, ok, detail };
}

function textOf(events: readonly ChatEvent[]): string {
  // What came before the answer begins was thinking.
  const from = events.findLastIndex(({ type }) => type === "answerBegins") + 1;
  return events
    .slice(from)
    .map((event) => (event.type === "text" ? event.delta : ""))
    .join("");
}

function toText(events: ChatEvent[]): Found {
  const text = textOf(events).trim();
  const finish = events.at(-1);
  const cut = finish?.type === "finish" && finish.reason === "length" ? ", cut at its limit of tokens" : "";
  return { ok: text !== "", detail: `${shown(text)}${cut}`, events };
}

function toPieces(events: readonly ChatEvent[]): Found {
  const count = events.filter(({ type }) => type === "text").length;
  return { ok: count > 1, detail: count > 1 ? `${count} pieces` : "the answer came in one piece" };
}

function toCall(events: readonly ChatEvent[]): Found {
  const calls = events.flatMap((event) => (event.type === "toolCall" ? [event.call] : []));
  const [call] = calls;
  const note = events.flatMap((event) => (event.type === "note" ? [event.text] : []));
  if (call === undefined)
    return { ok: false, detail: note[0] ?? `it called no tool, and said ${shown(textOf(events))}` };
  const args = parse(call.arguments);
  const ok = call.name === TOOL.name && isRecord(args) && typeof args.expression === "string";
  return { ok, detail: `${ok ? "" : "it called wrongly: "}${call.name} ${shown(call.arguments)}` };
}

function toJson(events: readonly ChatEvent[]): Found {
  const text = textOf(events).trim();
  const read = readOutput(text, OUTPUT);
  const notes = events.flatMap((event) => (event.type === "note" ? [`; ${event.text}`] : [])).join("");
  return { ok: read.isFit, detail: `${read.isFit ? "" : `${read.fault}: `}${shown(text)}${notes}` };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function shown(text: string): string {
  return JSON.stringify(text.length <= SHOWN ? text : `${text.slice(0, SHOWN - 1).toWellFormed()}…`);
}
