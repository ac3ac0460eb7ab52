/**
 * A small language model on this machine, behind the address at which llama.cpp is looked for: installed once, then
 * served until it is stopped. It is there to try what a model of one's own is like, and no help for real work.
 *
 *   npm run small-model [-- PORT]
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { isRecord } from "@soma/schemas/json";
import { type Question, toAnswer, toQuestion } from "./conversation.ts";
import { install } from "./install.ts";
import { type Ask, load, type Said } from "./load.ts";

const MODEL = "smollm2-135m-instruct";
const MAX_BODY_BYTES = 4_000_000;
/** Where the profile llamacpp of models.yaml looks. */
const LOOKED_AT = 8_080;
const port = Number(process.argv[2] ?? LOOKED_AT);
if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`"${process.argv[2]}" is no port`);

const say = (line: string): void => void process.stdout.write(`${line}\n`);
let ask: Ask | undefined;
const server = createServer((request, response) => {
  serve(request, response).catch((error: unknown) => {
    if (response.headersSent) return response.destroy();
    const message = error instanceof Error ? error.message : String(error);
    return sendJson(response, 400, { error: { message, type: "invalid_request_error" } });
  });
});
// Before minutes of installing and loading, so that a port that is taken shows at once.
server.once("error", ({ message }) => {
  process.stderr.write(
    `port ${port} cannot be listened on: ${message}; choose another by npm run small-model -- PORT\n`,
  );
  process.exit(1);
});
await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
ask = await load(await install(say));
const who = port === LOOKED_AT ? "npm start finds it there" : "a profile of models.yaml names it as its baseUrl";
say(`${MODEL} answers at http://127.0.0.1:${port}/v1; ${who}`);

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (ask === undefined)
    return sendJson(response, 503, { error: { message: `${MODEL} is being loaded; try again`, type: "loading" } });
  if (request.url === "/v1/models")
    return sendJson(response, 200, { object: "list", data: [{ id: MODEL, object: "model", owned_by: "local" }] });
  if (request.method !== "POST" || request.url !== "/v1/chat/completions")
    return sendJson(response, 404, { error: { message: `there is no ${request.method} ${request.url} here` } });
  const body = await readBody(request);
  const left = new AbortController();
  response.once("close", () => left.abort());
  await answer(ask, body, response, left.signal);
}

async function readBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) {
    text += String(chunk);
    if (text.length > MAX_BODY_BYTES) throw new Error(`the request is larger than ${MAX_BODY_BYTES} bytes`);
  }
  const body: unknown = JSON.parse(text);
  if (!isRecord(body)) throw new Error("the request is no JSON object");
  return body;
}

async function answer(
  asks: Ask,
  body: Readonly<Record<string, unknown>>,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const question = toQuestion(body);
  const isStream = body.stream === true;
  const begunAt = performance.now();
  const send = (delta: object, finish: string | null = null, more: object = {}): void => {
    if (!response.headersSent) response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(
      `data: ${JSON.stringify({ ...head("chat.completion.chunk"), choices: [{ index: 0, delta, finish_reason: finish }], ...more })}\n\n`,
    );
  };
  const said = await asks(question, {
    maxTokens: typeof body.max_tokens === "number" ? body.max_tokens : undefined,
    signal,
    // What is held to a shape is known to be an answer or a call when it is whole.
    onText: (piece) => void (isStream && question.shape === null && send({ content: piece })),
  });
  const seconds = (performance.now() - begunAt) / 1_000;
  say(`${said.inputTokens} tokens read, ${said.outputTokens} said in ${seconds.toFixed(1)} s`);
  const { message, finish } = toMessage(said, question);
  const usage = { prompt_tokens: said.inputTokens, completion_tokens: said.outputTokens };
  if (!isStream)
    return sendJson(response, 200, {
      ...head("chat.completion"),
      choices: [{ index: 0, message, finish_reason: finish }],
      usage,
    });
  if (question.shape !== null) send(message);
  send({}, finish, { usage });
  response.end("data: [DONE]\n\n");
}

const head = (object: "chat.completion" | "chat.completion.chunk") => ({
  id: "chatcmpl-small",
  object,
  created: Math.floor(Date.now() / 1_000),
  model: MODEL,
});

function toMessage(said: Said, question: Question): { message: object; finish: string } {
  const answered = toAnswer(said.text, question);
  const message = { role: "assistant", content: "text" in answered ? answered.text : null };
  if ("text" in answered) return { message, finish: said.isCut ? "length" : "stop" };
  const call = { index: 0, id: `call_${Date.now()}`, type: "function", function: answered };
  return { message: { ...message, tool_calls: [call] }, finish: "tool_calls" };
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
