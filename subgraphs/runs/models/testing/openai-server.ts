import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { isRecord } from "@soma/schemas/json";
import type { ChatMessage, ToolDefinition } from "@soma/sdk/model-client";
import { answerByRules } from "../scripted/answer.ts";
import { BadRequest, parseMessages, parseTools } from "./wire-messages.ts";
import { type ModelAnswer, toStream, toWhole } from "./wire-stream.ts";

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
  | { kind: "whole" };

export interface OpenAiServerOptions {
  /** Decides each answer; `scriptedAnswer` lets the rules of the scripted model decide. */
  answer: (messages: readonly ChatMessage[], tools: readonly ToolDefinition[]) => ModelAnswer | Promise<ModelAnswer>;
  /** Models that /v1/models lists; ["test-model"] when left out. */
  models?: readonly string[];
  /** Bearer token that requests must carry; any request is taken when left out. */
  apiKey?: string;
  /** Wait before each line of a stream, in milliseconds; 0 when left out. For tests that must act in the middle of an answer. */
  lineDelayMs?: number;
  /** Port to listen on; a free one when left out. */
  port?: number;
}

export interface OpenAiServer {
  /** For a client's baseUrl; ends in /v1. */
  baseUrl: string;
  /** Bodies of the chat requests so far, oldest first, those that met a fault included. */
  requests: readonly Record<string, unknown>[];
  /** Gives the next requests these faults, one each, in order. */
  failNext(...faults: Fault[]): void;
  close(): Promise<void>;
}

/** For `answer`: the rules of the scripted model, so that the server can drive the assistant as that model would. */
export function scriptedAnswer(messages: readonly ChatMessage[], tools: readonly ToolDefinition[]): ModelAnswer {
  const { text, toolCalls } = answerByRules({ messages, tools });
  return { text, toolCalls: toolCalls.map(({ name, arguments: written }) => ({ name, arguments: written })) };
}

/** A real HTTP server on this machine that speaks OpenAI's chat wire as real servers do, faults included. */
export async function startOpenAiServer(options: OpenAiServerOptions): Promise<OpenAiServer> {
  const requests: Record<string, unknown>[] = [];
  const faults: Fault[] = [];
  const state = { options, requests, faults };
  const server = createServer((request, response) => {
    handle(state, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else
        sendError(
          response,
          error instanceof BadRequest ? 400 : 500,
          error instanceof Error ? error.message : String(error),
        );
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the test server has no port");
  return {
    baseUrl: `http://127.0.0.1:${address.port}/v1`,
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
  options: OpenAiServerOptions;
  requests: Record<string, unknown>[];
  faults: Fault[];
}

async function handle(
  { options, requests, faults }: State,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const models = options.models ?? ["test-model"];
  if (options.apiKey !== undefined && request.headers.authorization !== `Bearer ${options.apiKey}`) {
    const given = request.headers.authorization?.replace("Bearer ", "") ?? "";
    return sendError(
      response,
      401,
      `Incorrect API key provided: ${given}. You can find your API key in the account settings.`,
    );
  }
  const { pathname } = new URL(request.url ?? "", "http://localhost");
  if (request.method === "GET" && pathname === "/v1/models") {
    const data = models.map((id) => ({ id, object: "model", created: 1_700_000_000, owned_by: "test" }));
    return sendJson(response, 200, { object: "list", data });
  }
  if (request.method !== "POST" || pathname !== "/v1/chat/completions")
    return sendError(response, 404, `Unknown request URL: ${request.url}`);
  const body = await readJson(request);
  requests.push(body);
  const fault = faults.shift();
  if (fault?.kind === "hang") return;
  if (fault?.kind === "status")
    return sendError(response, fault.status, fault.message ?? "the test asked for this fault", fault.retryAfterS);
  const model = String(body.model);
  if (!models.includes(model)) return sendError(response, 404, `The model '${model}' does not exist`);
  const answer = await options.answer(parseMessages(body.messages), parseTools(body.tools));
  if (fault?.kind === "whole" || body.stream !== true) return sendText(response, 200, toWhole(model, answer));
  const includeUsage = isRecord(body.stream_options) && body.stream_options.include_usage === true;
  await sendStream(response, toStream(model, answer, includeUsage), fault, options.lineDelayMs ?? 0);
}

async function sendStream(
  response: ServerResponse,
  lines: readonly string[],
  fault: Fault | undefined,
  lineDelayMs: number,
): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
  const sent = fault?.kind === "noDone" ? lines.slice(0, -1) : lines;
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

function sendError(response: ServerResponse, status: number, message: string, retryAfterS?: number): void {
  if (retryAfterS !== undefined) response.setHeader("retry-after", String(retryAfterS));
  sendJson(response, status, {
    error: { message, type: status === 429 ? "rate_limit_error" : "invalid_request_error", param: null, code: null },
  });
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  sendText(response, status, JSON.stringify(body));
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "application/json" }).end(text);
}
