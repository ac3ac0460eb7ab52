import { afterEach, describe, expect, test } from "vitest";
import { modelClientContract } from "../model-client.contract.ts";
import { ask, createClientHarness, errorOf, KEY } from "../testing/client-harness.ts";
import { responses } from "../testing/doors/responses.ts";
import { type Fault, scriptedAnswer, startModelServer } from "../testing/model-server.ts";
import { createOpenAiResponsesClient, type OpenAiResponsesOptions } from "./client.ts";

const { startRaw, closeLater, close } = createClientHarness();

afterEach(close);

function clientAt(baseUrl: string, changes: Partial<OpenAiResponsesOptions> = {}) {
  const timeoutsMs = { connect: 2_000, firstToken: 5_000, total: 5_000 };
  const named = { profile: "test", provider: "test", model: "test-model", apiKey: KEY };
  return createOpenAiResponsesClient({ ...named, baseUrl, timeoutsMs, ...changes });
}

async function startServer(...faults: Fault[]) {
  const server = closeLater(await startModelServer(responses(), { answer: scriptedAnswer, apiKey: KEY }));
  server.failNext(...faults);
  return server;
}

modelClientContract("createOpenAiResponsesClient()", async () => {
  const server = await startModelServer(responses(), { answer: scriptedAnswer, apiKey: KEY });
  return { client: clientAt(server.baseUrl), close: server.close };
});

describe("createOpenAiResponsesClient()", () => {
  const call = { name: "calculate", arguments: '{"expression":"37*12"}' };
  const calculated = [
    { type: "toolCall", call: { id: "call_1_0", ...call, given: { call_id: "call_1_0" } } },
    {
      ...{ type: "finish", reason: "tool_calls", usage: { inputTokens: 20, outputTokens: 14 } },
      response: { id: "resp_1", model: "test-model" },
      given: {
        by: expect.stringMatching(/^test-model at http:\/\/127\.0\.0\.1:\d+\/v1, by responses$/),
        fields: {
          output: [
            expect.objectContaining({ type: "reasoning", encrypted_content: "encrypted-thought-1" }),
            expect.objectContaining({ type: "message" }),
            expect.objectContaining({ type: "function_call", id: "fc_1_0" }),
          ],
        },
      },
    },
  ];

  test.each<[string, Fault[]]>([
    ["as it comes", []],
    ["whole", [{ kind: "whole" }]],
  ])(
    "hears an answer %s: thinking, text, calls, usage, and what only the server understands",
    async (_name, faults) => {
      const server = await startServer(...faults);
      const events = await ask(clientAt(server.baseUrl));
      expect(events.slice(-2)).toEqual(calculated);
      expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(["thinking", "text"]));
      expect(server.requests[0]).toMatchObject({ model: "test-model", stream: true, store: false });
    },
  );

  test("finds its server below /v1, and leaves out what it refuses", async () => {
    const asked: string[] = [];
    const picky: typeof fetch = async (input, init) => {
      const { pathname } = new URL(String(input));
      asked.push(pathname);
      if (pathname !== "/v1/responses") return new Response("404 page not found", { status: 404 });
      if (String(init?.body).includes("encrypted_content"))
        return Response.json(
          { error: { message: "Encrypted content is not supported with this model." } },
          { status: 400 },
        );
      const content = [{ type: "output_text", text: "hi" }];
      return Response.json({
        object: "response",
        status: "completed",
        error: null,
        output: [{ type: "message", content }],
      });
    };
    const client = clientAt("http://127.0.0.1:1", { fetch: picky });
    const hi = [
      { type: "text", delta: "hi" },
      { type: "finish", reason: "stop", usage: null },
    ];
    for (let times = 0; times < 2; times += 1) expect(await ask(client)).toEqual(hi);
    expect(asked).toEqual(["/responses", "/v1/responses", "/v1/responses", "/v1/responses"]);
  });

  test.each<[string, Fault, string, string]>([
    [
      "an overload, with the wait it asks for",
      { kind: "status", status: 503, retryAfterS: 2 },
      "UPSTREAM_UNAVAILABLE",
      "HTTP 503",
    ],
    ["a refusal", { kind: "status", status: 400, message: "no such thing" }, "MODEL_REFUSED", "no such thing"],
    ["a break in the middle", { kind: "cut", afterLines: 7 }, "MODEL_FAILED", "broke in the middle of the answer"],
    ["a line that is not JSON", { kind: "garbage", afterLines: 6 }, "MODEL_FAILED", "something that is not JSON"],
    ["an end that never comes", { kind: "noDone" }, "MODEL_FAILED", "ended before the answer was finished"],
  ])("fails on %s", async (_name, fault, code, words) => {
    const server = await startServer(fault);
    const error = await errorOf(ask(clientAt(server.baseUrl)));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(words)]);
    expect(error.retryAfterMs).toBe(fault.kind === "status" && fault.retryAfterS !== undefined ? 2_000 : null);
  });

  test.each<[string, string, string, string]>([
    ["a web page", "<!doctype html>", "MODEL_REFUSED", "is a web page"],
    ["an error in place of an answer", '{"error":{"message":"model is gone"}}', "MODEL_FAILED", "model is gone"],
    [
      "a failure in the stream",
      'data: {"type":"response.failed","response":{"error":{"code":"server_error","message":"out of memory"}}}\n\n',
      "MODEL_FAILED",
      "out of memory",
    ],
    ["an answer to chat completions", '{"choices":[]}', "MODEL_FAILED", "not a part of an answer"],
  ])("names %s that comes with HTTP 200", async (_name, body, code, words) => {
    const error = await errorOf(ask(clientAt(await startRaw(body))));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(words)]);
    expect(error.message).toMatch(/^test \(test-model\)/);
  });
});
