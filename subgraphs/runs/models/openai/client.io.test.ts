import type { ChatEvent } from "@soma/sdk/model-client";
import { afterEach, describe, expect, test } from "vitest";
import { settingsFault } from "../http/key.ts";
import { modelClientContract } from "../model-client.contract.ts";
import { ask, createClientHarness, errorOf, KEY } from "../testing/client-harness.ts";
import { geminiOpenAi } from "../testing/doors/gemini-openai.ts";
import { mistral } from "../testing/doors/mistral.ts";
import { startModelServer } from "../testing/model-server.ts";
import { type Fault, scriptedAnswer, startOpenAiServer } from "../testing/openai-server.ts";

const { clientAt, startServer, startRaw, close } = createClientHarness();

afterEach(close);

modelClientContract("createOpenAiCompatibleClient()", async () => {
  const server = await startOpenAiServer({ answer: scriptedAnswer, apiKey: KEY });
  return { client: clientAt(server.baseUrl), requests: server.requests, close: server.close };
});

modelClientContract("createOpenAiCompatibleClient() at Gemini's door", async () => {
  const server = await startModelServer(geminiOpenAi(), { answer: scriptedAnswer, apiKey: KEY });
  return { client: clientAt(server.baseUrl), requests: server.requests, close: server.close };
});

modelClientContract("createOpenAiCompatibleClient() at Mistral's", async () => {
  const server = await startModelServer(mistral(), { answer: scriptedAnswer, apiKey: KEY });
  return { client: clientAt(server.baseUrl), requests: server.requests, close: server.close };
});

describe("createOpenAiCompatibleClient() hears", () => {
  const given = { id: "call_test0" };
  const call = { id: "call_test0", name: "calculate", arguments: '{"expression":"37*12"}', given };
  const calculated = [
    { type: "toolCall", call },
    {
      ...{ type: "finish", reason: "tool_calls", usage: { inputTokens: 20, outputTokens: 14 } },
      response: { id: "chatcmpl-test", model: "test-model" },
      given: { by: expect.stringMatching(/^test-model at http:\/\/127\.0\.0\.1:\d+\/v1$/), fields: {} },
    },
  ];

  test("text as it comes, the tool calls whole, and the usage", async () => {
    const server = await startServer();
    const events = await ask(clientAt(server.baseUrl));
    expect(events.slice(0, 3)).toEqual(["I", " will", " calculate"].map((delta) => ({ type: "text", delta })));
    expect(events.slice(-2)).toEqual(calculated);
    expect(server.requests[0]).toMatchObject({
      model: "test-model",
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  test.each<Fault>([{ kind: "noDone" }, { kind: "whole" }])(
    "an answer of a server with other habits: $kind",
    async (fault) => {
      expect((await ask(clientAt((await startServer(fault)).baseUrl))).slice(-2)).toEqual(calculated);
    },
  );

  test("an answer that comes one byte at a time", async () => {
    const server = await startServer();
    const bytewise: typeof fetch = async (input, init) => {
      const whole = await (await fetch(input, init)).bytes();
      const pieces = new ReadableStream({
        start(controller) {
          for (let at = 0; at < whole.length; at += 1) controller.enqueue(whole.slice(at, at + 1));
          controller.close();
        },
      });
      return new Response(pieces, { headers: { "content-type": "text/event-stream" } });
    };
    expect(
      (await ask(clientAt(server.baseUrl, { fetch: bytewise }), "Remember Zürich 東京 👩‍💻")).length,
    ).toBeGreaterThan(1);
    expect((await ask(clientAt(server.baseUrl, { fetch: bytewise }))).slice(-2)).toEqual(calculated);
  });

  test("a stream without a content type", async () => {
    const data = '{"choices":[{"delta":{"content":"hi"},"finish_reason":"stop"}]}';
    expect(await ask(clientAt(await startRaw(`data: ${data}\n\n`)))).toEqual([
      { type: "text", delta: "hi" },
      { type: "finish", reason: "stop", usage: null },
    ]);
  });
});

describe("createOpenAiCompatibleClient() asks", () => {
  test("with the key, without one, and under the name of the token limit that the host knows", async () => {
    const seen: { url: string; headers: Headers; body: Record<string, unknown> }[] = [];
    const spy: typeof fetch = async (input, init) => {
      seen.push({
        url: String(input),
        headers: new Headers(init?.headers),
        body: JSON.parse(String(init?.body)) as Record<string, unknown>,
      });
      return Response.json({ choices: [{ message: { content: "hi" }, finish_reason: "stop" }] });
    };
    await ask(
      clientAt("https://api.openai.com/v1/", { fetch: spy, params: { maxOutputTokens: 5 }, apiKey: ` ${KEY}\n` }),
    );
    await ask(
      clientAt("http://127.0.0.1:1/v1", {
        fetch: spy,
        params: { maxOutputTokens: 5, temperature: 0.5 },
        apiKey: undefined,
      }),
    );
    expect(seen.map(({ url }) => url)).toEqual([
      "https://api.openai.com/v1/chat/completions",
      "http://127.0.0.1:1/v1/chat/completions",
    ]);
    expect(seen.map(({ headers }) => headers.get("authorization"))).toEqual([`Bearer ${KEY}`, null]);
    expect(seen.map(({ body }) => [body.max_completion_tokens, body.max_tokens, body.temperature])).toEqual([
      [5, undefined, undefined],
      [undefined, 5, 0.5],
    ]);
  });

  test("nobody when the settings cannot be used, and does not repeat the key", () => {
    const table: [string, string | undefined, string][] = [
      ["not a url", undefined, "its baseUrl is not a URL"],
      ["ftp://a/v1", undefined, "begins with ftp:"],
      [`https://user:${KEY}@a/v1`, undefined, "holds a user name or password"],
      ["https://a/v1", `${KEY}\nx`, "its key holds characters"],
    ];
    for (const [baseUrl, apiKey, words] of table) {
      expect(settingsFault(baseUrl, apiKey)).toContain(words);
      expect(settingsFault(baseUrl, apiKey)).not.toContain(KEY);
      expect(() => clientAt(baseUrl, { apiKey })).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
    }
    expect(settingsFault("https://a/v1", ` ${KEY}\n`)).toBeUndefined();
  });
});

describe("createOpenAiCompatibleClient() fails", () => {
  test.each<[number, string]>([
    [400, "MODEL_REFUSED"],
    [401, "MODEL_REFUSED"],
    [403, "MODEL_REFUSED"],
    [404, "MODEL_REFUSED"],
    [422, "MODEL_REFUSED"],
    [408, "UPSTREAM_UNAVAILABLE"],
    [429, "UPSTREAM_UNAVAILABLE"],
    [500, "UPSTREAM_UNAVAILABLE"],
    [501, "MODEL_REFUSED"],
    [502, "UPSTREAM_UNAVAILABLE"],
    [503, "UPSTREAM_UNAVAILABLE"],
  ])("on HTTP %i with %s and the server's message, clipped and without the key", async (status, code) => {
    const server = await startServer({
      kind: "status",
      status,
      message: `${"no ".repeat(90)}${KEY} ${"no ".repeat(90)}`,
    });
    const error = await errorOf(ask(clientAt(server.baseUrl)));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(new RegExp(`^test \\(test-model\\) answered HTTP ${status}.*: no no`));
    expect(error.message.length).toBeLessThan(420);
    expect(error.message).not.toContain("sk-secret");
  });

  test("on a wrong key that the server repeats", async () => {
    const server = await startOpenAiServer({ answer: scriptedAnswer, apiKey: "another" });
    const { code, message } = await errorOf(ask(clientAt(server.baseUrl)));
    await server.close();
    expect(code).toBe("MODEL_REFUSED");
    expect(message).toContain("Incorrect API key provided: [key]");
  });

  test("with the wait a server asks for, and works at the next try", async () => {
    const server = await startServer({ kind: "status", status: 429, retryAfterS: 2 });
    expect((await errorOf(ask(clientAt(server.baseUrl)))).retryAfterMs).toBe(2_000);
    expect((await ask(clientAt(server.baseUrl))).at(-1)?.type).toBe("finish");
  });

  test("when nobody listens", async () => {
    const baseUrl = await startRaw("");
    await close();
    const { code, message } = await errorOf(ask(clientAt(baseUrl)));
    expect(code).toBe("UPSTREAM_UNAVAILABLE");
    expect(message).toBe(`test (test-model) cannot be reached at ${new URL(baseUrl).origin} (ECONNREFUSED)`);
  });

  test.each<[string, Fault, string]>([
    ["when the connection breaks", { kind: "cut", afterLines: 4 }, "broke in the middle of the answer"],
    [
      "on a line that is not JSON",
      { kind: "garbage", afterLines: 4 },
      "holds something that is not JSON: <<< not JSON >>>",
    ],
  ])("%s, after the text that came", async (_name, fault, words) => {
    const server = await startServer(fault);
    const seen: ChatEvent[] = [];
    const listening = (async () => {
      for await (const event of clientAt(server.baseUrl).chat(
        { messages: [{ role: "user", content: "hello" }], tools: [] },
        new AbortController().signal,
      )) {
        seen.push(event);
      }
    })();
    const { code, message } = await errorOf(listening);
    expect(code).toBe("MODEL_FAILED");
    expect(message).toContain(words);
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.every((event) => event.type === "text")).toBe(true);
  });

  test.each<[string, string, Record<string, string>, number, string, string]>([
    [
      "a page for people",
      "<html>Welcome</html>",
      { "content-type": "text/html" },
      200,
      "MODEL_REFUSED",
      "is a web page, not a model; check baseUrl",
    ],
    [
      "JSON of something else",
      '{"hello":1}',
      { "content-type": "application/json" },
      200,
      "MODEL_FAILED",
      "not a part of an answer",
    ],
    [
      "an error in the stream",
      'data: {"error":{"message":"CUDA out of memory"}}\n\n',
      {},
      200,
      "MODEL_FAILED",
      "CUDA out of memory",
    ],
    ["a stream cut inside a chunk", 'data: {"choices":[{"del', {}, 200, "MODEL_FAILED", "not JSON"],
    [
      "too much JSON",
      `{"a":"${"x".repeat(2_100_000)}"}`,
      { "content-type": "application/json" },
      200,
      "MODEL_FAILED",
      "larger than 2000000 bytes",
    ],
    [
      "an error page",
      "<html>Bad gateway</html>",
      { "content-type": "text/html" },
      502,
      "UPSTREAM_UNAVAILABLE",
      "answered HTTP 502",
    ],
    [
      "an error as plain text",
      "model is loading",
      {},
      503,
      "UPSTREAM_UNAVAILABLE",
      "answered HTTP 503: model is loading",
    ],
    [
      "a redirect",
      "",
      { location: "https://elsewhere.example/" },
      301,
      "MODEL_REFUSED",
      "redirects to https://elsewhere.example (HTTP 301)",
    ],
  ])("on %s, and names it", async (_name, body, headers, status, code, words) => {
    const error = await errorOf(ask(clientAt(await startRaw(body, headers, status))));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/^test \(test-model\)/);
    expect(error.message).toContain(words);
  });

  test("with CANCELED when it is canceled while it waits", async () => {
    const server = await startServer({ kind: "hang" });
    const controller = new AbortController();
    const asking = errorOf(ask(clientAt(server.baseUrl), "hello", controller.signal));
    await expect.poll(() => server.requests.length).toBe(1);
    controller.abort();
    expect(await asking).toMatchObject({ code: "CANCELED", message: "the call to test (test-model) was canceled" });
  });
});
