import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { isRecord } from "@soma/schemas/json";
import type { ChatMessage, JsonOutput, ToolDefinition } from "@soma/sdk/model-client";
import { wordVector } from "@soma/sdk/word-vector";
import { answerByRules } from "../scripted/answer.ts";
import { BadRequest } from "./wire-messages.ts";
import type { ModelAnswer } from "./wire-stream.ts";

/** What goes wrong with one request. */
export type Fault =
  /** An error response; `message` is what the server says. */
  | { kind: "status"; status: number; message?: string; retryAfterS?: number }
  /** The request is taken and nothing is ever sent. */
  | { kind: "hang" }
  /** The response begins and sends comments, but no token. */
  | { kind: "hangInStream" }
  /** The connection is closed after this many lines of the stream. */
  | { kind: "cut"; afterLines: number }
  /** A line that is not JSON comes after this many lines. */
  | { kind: "garbage"; afterLines: number }
  /** The stream ends in good order, but without its last line. */
  | { kind: "noDone" }
  /** The whole answer comes as one JSON object. */
  | { kind: "whole" }
  /** The answer is told to have used this. */
  | { kind: "usage"; says: object };

/** What a server was asked. */
export interface Asked {
  model: string;
  messages: readonly ChatMessage[];
  tools: readonly ToolDefinition[];
  /** What it is held to; left out, nothing. */
  output?: JsonOutput | undefined;
  isStream: boolean;
  body: Record<string, unknown>;
}

/** How a kind of server is asked, what it refuses, and how it answers. */
export interface Door {
  /** What the paths of its operations begin with, such as /v1. */
  base: string;
  /** The rest of the path of a request for an answer. */
  operation: RegExp;
  /** Who asks may do so. */
  keyOf(headers: IncomingMessage["headers"]): string | undefined;
  /** Throws BadRequest for what such a server refuses. */
  read(body: Record<string, unknown>, request: { path: string; query: URLSearchParams }): Asked;
  lines(answer: ModelAnswer, asked: Asked): string[];
  whole(answer: ModelAnswer, asked: Asked): string;
  /** How it is asked for vectors; left out, it makes none. */
  embeddings?: EmbeddingsDoor;
  /** Body of an error. */
  error(status: number, message: string): object;
}

export interface EmbeddingsDoor {
  /** The rest of the path of a request for vectors. */
  operation: RegExp;
  /** Throws BadRequest for what such a server refuses. */
  read(body: Record<string, unknown>, path: string): { model: string; texts: readonly string[]; dimensions?: number };
  whole(vectors: number[][], asked: { model: string; path: string }): object;
}

/** Numbers in the vectors of a stand-in that is not asked for fewer. */
export const DIMENSIONS = 32;

export interface ModelServerOptions {
  /** Decides each answer; `scriptedAnswer` lets the rules of the scripted model decide. */
  answer: (
    messages: readonly ChatMessage[],
    tools: readonly ToolDefinition[],
    output: JsonOutput | undefined,
  ) => ModelAnswer | Promise<ModelAnswer>;
  /** Models that it has, and lists; ["test-model"] when left out. */
  models?: readonly string[];
  /** Key that requests must carry; any request is taken when left out. */
  apiKey?: string;
  /**
   * Wait before each line of a stream, in milliseconds; 0 when left out. For tests that must act in the middle of an
   * answer.
   */
  lineDelayMs?: number;
  /** Port to listen on; a free one when left out. */
  port?: number;
}

export interface ModelServer {
  /** Where it listens, such as http://127.0.0.1:41234. */
  origin: string;
  /** For a client's baseUrl. */
  baseUrl: string;
  /** Bodies of the chat requests so far, oldest first, those that met a fault included. */
  requests: readonly Record<string, unknown>[];
  /** Gives the next requests these faults, one each, in order. */
  failNext(...faults: Fault[]): void;
  close(): Promise<void>;
}

/** For `answer`: the rules of the scripted model, so that the server can drive the assistant as that model would. */
export function scriptedAnswer(
  messages: readonly ChatMessage[],
  tools: readonly ToolDefinition[],
  output?: JsonOutput,
): ModelAnswer {
  const { text, toolCalls } = answerByRules({ messages, tools, output });
  return { text, toolCalls: toolCalls.map(({ name, arguments: written }) => ({ name, arguments: written })) };
}

/** A real HTTP server on this machine that speaks as the servers of its door do, faults included. */
export async function startModelServer(door: Door, options: ModelServerOptions): Promise<ModelServer> {
  const requests: Record<string, unknown>[] = [];
  const faults: Fault[] = [];
  const state = { door, options, requests, faults };
  const server = createServer((request, response) => {
    handle(state, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else {
        const status = error instanceof BadRequest ? error.status : 500;
        const body = error instanceof BadRequest ? error.body : undefined;
        sendJson(response, status, body ?? door.error(status, error instanceof Error ? error.message : String(error)));
      }
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the test server has no port");
  const origin = `http://127.0.0.1:${address.port}`;
  return {
    origin,
    baseUrl: `${origin}${door.base}`,
    requests,
    failNext: (...next) => void faults.push(...next),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface State {
  door: Door;
  options: ModelServerOptions;
  requests: Record<string, unknown>[];
  faults: Fault[];
}

async function handle(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { door, options, requests, faults } = state;
  const models = options.models ?? ["test-model"];
  const key = door.keyOf(request.headers);
  if (options.apiKey !== undefined && key !== options.apiKey)
    throw new BadRequest(
      `Incorrect API key provided: ${key ?? ""}. You can find your API key in the account settings.`,
      401,
    );
  const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
  const path = pathname.startsWith(door.base) ? pathname.slice(door.base.length) : "";
  if (request.method === "GET" && path === "/models") {
    const data = models.map((id) => ({ id, object: "model", created: 1_700_000_000, owned_by: "test" }));
    return sendJson(response, 200, { object: "list", data });
  }
  const isForVectors = door.embeddings?.operation.test(path) === true;
  if (request.method !== "POST" || !(isForVectors || door.operation.test(path)))
    throw new BadRequest(`Unknown request URL: ${request.url}`, 404);
  const body = await readJson(request);
  requests.push(body);
  const fault = faults.shift();
  if (fault?.kind === "hang") return;
  if (fault?.kind === "status") return fail(door, fault, response);
  if (isForVectors) return void sendVectors(state, response, { body, path, fault });
  const asked = door.read(body, { path, query: searchParams });
  if (!models.includes(asked.model)) throw new BadRequest(`The model '${asked.model}' does not exist`, 404);
  const answer = await options.answer(asked.messages, asked.tools, asked.output);
  if (fault?.kind === "whole" || !asked.isStream) return sendText(response, 200, door.whole(answer, asked));
  await sendStream(response, door.lines(answer, asked), fault, options.lineDelayMs ?? 0);
}

function sendVectors(
  { door: { embeddings }, options: { models = ["test-model"] } }: State,
  response: ServerResponse,
  { body, path, fault }: { body: Record<string, unknown>; path: string; fault: Fault | undefined },
): void {
  if (embeddings === undefined) throw new BadRequest("there are no embeddings here", 404);
  const { model, texts, dimensions = DIMENSIONS } = embeddings.read(body, path);
  if (!models.includes(model)) throw new BadRequest(`The model '${model}' does not exist`, 404);
  const vectors = texts.map((text) => wordVector(text, dimensions));
  const whole = JSON.stringify(embeddings.whole(vectors, { model, path }));
  if (fault?.kind === "garbage") return void sendText(response, 200, `{ not JSON ${whole}`);
  if (fault?.kind !== "cut") return void sendText(response, 200, whole);
  response.writeHead(200, { "content-type": "application/json", "content-length": whole.length });
  response.write(whole.slice(0, 20), () => response.destroy());
}

function fail(door: Door, fault: Extract<Fault, { kind: "status" }>, response: ServerResponse): void {
  const { status, message = "the test asked for this fault", retryAfterS } = fault;
  if (retryAfterS !== undefined) response.setHeader("retry-after", String(retryAfterS));
  sendJson(response, status, door.error(status, message));
}

async function sendStream(
  response: ServerResponse,
  lines: readonly string[],
  fault: Fault | undefined,
  lineDelayMs: number,
): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
  const sent = fault?.kind === "noDone" ? lines.slice(0, -1) : lines.map((line) => withUsage(line, fault));
  for (const [number, line] of sent.entries()) {
    if (fault?.kind === "hangInStream") return void response.write(": keep-alive\n\n");
    if (fault?.kind === "cut" && fault.afterLines === number) return void response.destroy();
    if (fault?.kind === "garbage" && fault.afterLines === number) response.write("data: <<< not JSON >>>\n\n");
    if (lineDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, lineDelayMs));
    if (response.destroyed) return;
    // One line, one packet: a client must not count on more.
    await new Promise<void>((resolve) => response.write(line, () => resolve()));
  }
  response.end();
}

function withUsage(line: string, fault: Fault | undefined): string {
  if (fault?.kind !== "usage") return line;
  return line.replace(/"usage":\{[^}]*\}/, `"usage":${JSON.stringify(fault.says)}`);
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += String(chunk);
  try {
    const body: unknown = JSON.parse(text);
    if (isRecord(body)) return body;
  } catch {
    // Said below.
  }
  throw new BadRequest("We could not parse the JSON body of your request");
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  sendText(response, status, JSON.stringify(body));
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "application/json" }).end(text);
}
