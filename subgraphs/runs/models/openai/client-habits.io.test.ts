import type { IncomingMessage, ServerResponse } from "node:http";
import type { ChatRequest } from "@soma/sdk/model-client";
import { afterEach, describe, expect, test } from "vitest";
import { ask, createClientHarness, errorOf } from "../testing/client-harness.ts";

const { clientAt, startRaw, startHttp, close } = createClientHarness();

afterEach(close);

const WHOLE = JSON.stringify({ choices: [{ message: { content: "hi" }, finish_reason: "stop" }] });
const SAYS_HI = [
  { type: "text", delta: "hi" },
  { type: "finish", reason: "stop", usage: null },
];

type Body = Record<string, unknown>;

/** A server that decides by path and body, and remembers what it was asked. */
async function startDeciding(decide: (path: string, body: Body) => { status?: number; json: unknown }) {
  const asked: { path: string; body: Body; headers: IncomingMessage["headers"] }[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += String(chunk);
    const body = JSON.parse(text) as Body;
    asked.push({ path: request.url ?? "", body, headers: request.headers });
    const { status = 200, json } = decide(request.url ?? "", body);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
  };
  const baseUrl = await startHttp((request, response) => void answer(request, response));
  return { origin: new URL(baseUrl).origin, asked };
}

const refusal = (message: string, more: object = {}) => ({ error: { message, ...more } });

describe("createOpenAiCompatibleClient() finds its server", () => {
  test("below /v1 when the address has no version, and asks there from then on", async () => {
    const { origin, asked } = await startDeciding((path) =>
      path === "/v1/chat/completions" ? { json: JSON.parse(WHOLE) } : { status: 404, json: "404 page not found" },
    );
    const client = clientAt(origin);
    for (let times = 0; times < 2; times += 1) expect(await ask(client)).toEqual(SAYS_HI);
    expect(asked.map(({ path }) => path)).toEqual([
      "/chat/completions",
      "/v1/chat/completions",
      "/v1/chat/completions",
    ]);
  });

  test.each([
    ["a page that is labelled as text", "<html>hello</html>", "text/plain"],
    ["a greeting in JSON", '{"status":"ok"}', "application/json"],
  ])("below /v1 when %s is at its root", async (_what, body, type) => {
    const asked: string[] = [];
    const baseUrl = await startHttp(({ url = "" }, response) => {
      asked.push(url);
      const isModel = url.startsWith("/v1");
      response.writeHead(200, { "content-type": isModel ? "application/json" : type }).end(isModel ? WHOLE : body);
    });
    const client = clientAt(new URL(baseUrl).origin);
    for (let times = 0; times < 2; times += 1) expect(await ask(client)).toEqual(SAYS_HI);
    expect(asked).toEqual(["/chat/completions", "/v1/chat/completions", "/v1/chat/completions"]);
  });

  test("again, as long as nothing has answered", async () => {
    let isUp = false;
    const { origin, asked } = await startDeciding((path) => {
      if (!isUp) return { json: path.startsWith("/v1") ? [] : "odd" };
      return path.startsWith("/v1") ? { json: JSON.parse(WHOLE) } : { status: 404, json: "404 page not found" };
    });
    const client = clientAt(origin);
    expect((await errorOf(ask(client))).code).toBe("MODEL_FAILED");
    isUp = true;
    expect(await ask(client)).toEqual(SAYS_HI);
    expect(asked.at(-1)?.path).toBe("/v1/chat/completions");
  });

  test("by a stream that is labelled as JSON, and gives it as it comes", async () => {
    const part = (delta: object, finish: string | null) =>
      `data: ${JSON.stringify({ choices: [{ delta, finish_reason: finish }] })}\n\n`;
    let finish = (): void => {};
    const baseUrl = await startHttp((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" }).write(part({ content: "hi" }, null));
      finish = () => void response.end(part({}, "stop"));
    });
    const events: unknown[] = [];
    const request: ChatRequest = { messages: [{ role: "user", content: "hello" }], tools: [] };
    for await (const event of clientAt(new URL(baseUrl).origin).chat(request, new AbortController().signal)) {
      events.push(event);
      finish();
    }
    expect(events).toEqual(SAYS_HI);
  });

  test("and waits for one that is away behind a proxy, although nothing is at its root", async () => {
    const baseUrl = await startHttp(({ url = "" }, response) => {
      if (url.startsWith("/v1")) response.writeHead(503, { "content-type": "text/html" }).end("<html>away</html>");
      else response.writeHead(404, { "content-type": "application/json" }).end('{"error":"nothing here"}');
    });
    expect((await errorOf(ask(clientAt(new URL(baseUrl).origin)))).code).toBe("UPSTREAM_UNAVAILABLE");
  });

  test("and says what the server says, and where it was asked, when it has no such model", async () => {
    const { origin } = await startDeciding((path) => ({
      status: 404,
      json: path.startsWith("/v1") ? refusal('model "m" not found, try pulling it first') : "404 page not found",
    }));
    const { code, message } = await errorOf(ask(clientAt(origin)));
    expect(code).toBe("MODEL_REFUSED");
    expect(message).toBe(
      `test (test-model) answered HTTP 404 at ${origin}/v1 (check baseUrl and model of the model profile): model "m" not found, try pulling it first`,
    );
  });

  test("at an address with a query, which its operations keep and its name does not", async () => {
    const { origin, asked } = await startDeciding(() => ({ json: JSON.parse(WHOLE) }));
    await ask(clientAt(`${origin}/openai/deployments/d?api-version=1`));
    expect(asked[0]?.path).toBe("/openai/deployments/d/chat/completions?api-version=1");
  });
});

describe("createOpenAiCompatibleClient() adapts to a server", () => {
  test("that refuses a part of the request: once, and remembers it", async () => {
    const { origin, asked } = await startDeciding((_path, body) => {
      if (body.stream_options !== undefined)
        return { status: 400, json: refusal("Unrecognized field: stream_options") };
      if (body.tools !== undefined) return { status: 400, json: refusal("test-model does not support tools") };
      return { json: JSON.parse(WHOLE) };
    });
    const client = clientAt(`${origin}/v1`);
    const note = { type: "note", text: "this model cannot call tools, so it was asked without them" };
    for (let times = 0; times < 2; times += 1) expect(await ask(client)).toEqual([note, ...SAYS_HI]);
    expect(asked).toHaveLength(4);
  });

  test("only when that leads to an answer, and then asks no more often than there is to leave out", async () => {
    const { origin, asked } = await startDeciding(() => ({
      status: 400,
      json: refusal("stream_options, tools: not supported"),
    }));
    const client = clientAt(`${origin}/v1`);
    for (let times = 0; times < 2; times += 1) expect((await errorOf(ask(client))).code).toBe("MODEL_REFUSED");
    expect(asked).toHaveLength(6);
    expect(asked[3]?.body).toHaveProperty("stream_options");
  });
});

describe("createOpenAiCompatibleClient() reads", () => {
  const data = JSON.stringify({ choices: [{ delta: { content: "hi" }, finish_reason: "stop" }] });

  test.each([
    ["JSON labelled as text", `\ufeff\n ${WHOLE}`, "text/plain"],
    ["a stream labelled as JSON", `data: ${data}\n\n`, "application/json"],
    [
      "a stream with pings",
      `: hello\n\ndata: {"type":"ping"}\n\ndata: {}\n\ndata: ${data}\n\ndata: [DONE]\n\n`,
      "text/event-stream",
    ],
    [
      "a stream with JSON of other kinds",
      `event: ping\ndata: {"time":1}\n\ndata: {"choices":null}\n\ndata: ${data}\n\n`,
      "text/event-stream",
    ],
  ])("%s", async (_name, body, type) => {
    expect(await ask(clientAt(await startRaw(body, { "content-type": type })))).toEqual(SAYS_HI);
  });

  test("thinking apart from the answer", async () => {
    const chunk = (delta: object, finish: string | null = null) =>
      `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
    const body = [
      chunk({ content: "<thi" }),
      chunk({ content: "nk>hm</think>\n" }),
      chunk({ content: "hi" }),
      chunk({}, "stop"),
    ];
    expect(await ask(clientAt(await startRaw(body.join(""))))).toEqual([{ type: "thinking", delta: "hm" }, ...SAYS_HI]);
  });

  test.each([
    ["a web page, whatever it is labelled", "<!doctype html>", {}, 200, "MODEL_REFUSED", "is a web page"],
    ["JSON in place of an answer", '{"hello":1}', {}, 200, "MODEL_FAILED", 'not a part of an answer: {"hello":1}'],
    ["an error in place of an answer", '{"detail":"model is gone"}', {}, 200, "MODEL_FAILED", "model is gone"],
    [
      "an account without money",
      JSON.stringify(refusal("You exceeded your current quota", { code: "insufficient_quota" })),
      {},
      429,
      "MODEL_REFUSED",
      "what the account may spend is spent",
    ],
    [
      "a prompt that is too long, also where only the code says so",
      JSON.stringify(refusal("bad request", { code: "context_length_exceeded" })),
      {},
      400,
      "MODEL_REFUSED",
      "too long for the context window",
    ],
  ] as const)("%s, and says so", async (_name, body, headers, status, code, words) => {
    const error = await errorOf(ask(clientAt(await startRaw(body, headers, status))));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(words)]);
    if (words === "is a web page") expect(error).toMatchObject({ isOfProfile: true });
  });

  test("the version of its address in an error, and no key of it", async () => {
    const baseUrl = await startRaw(
      JSON.stringify(refusal("2024-10-21 has no key-management, token-12345678")),
      {},
      400,
    );
    const { message } = await errorOf(ask(clientAt(`${baseUrl}?api-version=2024-10-21&t=token-12345678`)));
    expect(message).toContain("2024-10-21 has no key-management, [key]");
  });

  test("an error whole, also with a key that is no more than a word", async () => {
    const baseUrl = await startRaw(JSON.stringify(refusal("the test is over, says ollama")), {}, 400);
    for (const apiKey of ["test", "ollama", "x"])
      expect((await errorOf(ask(clientAt(baseUrl, { apiKey })))).message).toContain("the test is over, says ollama");
  });
});
