import type { EmbeddingClient } from "@soma/sdk/embedding-client";
import { afterEach, describe, expect, test } from "vitest";
import { createAiSdkEmbeddings } from "../ai-sdk/embedding-client.ts";
import { embeddingClientContract } from "../embedding-client.contract.ts";
import { createOpenAiEmbeddingClient, type EmbeddingClientOptions } from "../openai/embedding-client.ts";
import { createScriptedEmbeddings } from "../scripted/client.ts";
import { createClientHarness, errorOf, KEY } from "./client-harness.ts";
import { gemini } from "./doors/gemini.ts";
import { openai } from "./doors/openai.ts";
import { DIMENSIONS, type Door, type Fault, scriptedAnswer, startModelServer } from "./model-server.ts";

const harness = createClientHarness();
const { startRaw, closeLater } = harness;
const never = new AbortController().signal;

afterEach(harness.close);

const timeoutsMs = { connect: 2_000, firstToken: 5_000, total: 5_000 };
const named = { profile: "test", model: "test-model", timeoutsMs };

function openAiAt(baseUrl: string, changes: Partial<EmbeddingClientOptions> = {}): EmbeddingClient {
  const embedding = { dimensions: DIMENSIONS };
  return createOpenAiEmbeddingClient({
    ...{ ...named, provider: "openai-compatible", baseUrl, apiKey: KEY, embedding },
    ...changes,
  });
}

const googleAt = (baseURL: string, changes = {}): EmbeddingClient =>
  createAiSdkEmbeddings({
    ...{ ...named, provider: "ai-sdk", package: "@ai-sdk/google", secrets: [KEY], dimensions: DIMENSIONS },
    ...{ settings: { apiKey: KEY, baseURL }, ...changes },
  });

const CLIENTS: [string, () => Door, (baseUrl: string, changes?: object) => EmbeddingClient][] = [
  ["createOpenAiEmbeddingClient()", () => openai, openAiAt],
  ["createAiSdkEmbeddings() by @ai-sdk/google", gemini, googleAt],
];

for (const [name, door, clientAt] of CLIENTS)
  embeddingClientContract(name, async () => {
    const server = await startModelServer(door(), { answer: scriptedAnswer, apiKey: KEY });
    return { client: clientAt(server.baseUrl), requests: server.requests, close: server.close };
  });

embeddingClientContract("createScriptedEmbeddings()", async () => ({
  client: createScriptedEmbeddings("scripted", { model: "words", dimensions: DIMENSIONS }),
  close: async () => {},
}));

describe.each(CLIENTS)("%s", (_name, door, clientAt) => {
  const start = async (...faults: Fault[]) => {
    const server = closeLater(await startModelServer(door(), { answer: scriptedAnswer, apiKey: KEY }));
    server.failNext(...faults);
    return server;
  };

  test.each<[string, Fault, string, string, boolean]>([
    ["a busy server", { kind: "status", status: 503, retryAfterS: 2 }, "UPSTREAM_UNAVAILABLE", "HTTP 503", false],
    ["a wrong key", { kind: "status", status: 401, message: `no key ${KEY}` }, "MODEL_REFUSED", "no key [key]", false],
    [
      "a break in the middle",
      { kind: "cut", afterLines: 0 },
      "MODEL_FAILED",
      "broke in the middle of the answer",
      true,
    ],
    ["what is no JSON", { kind: "garbage", afterLines: 0 }, "MODEL_FAILED", "the answer cannot be read", true],
  ])("fails on %s as other calls do, and is asked once", async (_fault, fault, code, words, hasSpent) => {
    const server = await start(fault);
    const error = await errorOf(clientAt(server.baseUrl).embed(["a", "b"], never));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(words)]);
    expect(error.retryAfterMs).toBe(code === "UPSTREAM_UNAVAILABLE" ? 2_000 : null);
    expect("spent" in error && error.spent !== undefined).toBe(hasSpent);
    expect(server.requests).toHaveLength(1);
  });

  test("fails when nobody listens, on silence, and when it is canceled meanwhile", async () => {
    const server = await start({ kind: "hang" }, { kind: "hang" });
    const other = await start();
    const short = { timeoutsMs: { connect: 2_000, firstToken: 100, total: 5_000 } };
    const silent = await errorOf(clientAt(server.baseUrl, short).embed(["a"], never));
    expect(silent).toMatchObject({ code: "TIMEOUT", message: expect.stringContaining("within 100 ms") });
    const canceled = errorOf(clientAt(server.baseUrl).embed(["a"], AbortSignal.timeout(50)));
    expect(await canceled).toMatchObject({ code: "CANCELED" });
    await harness.close();
    // Where nobody was asked before: a connection that is kept could break with the question on its way.
    expect(await errorOf(clientAt(other.baseUrl).embed(["a"], never))).toMatchObject({
      code: "UPSTREAM_UNAVAILABLE",
      message: expect.stringContaining("cannot be reached"),
    });
  });
});

describe("createOpenAiEmbeddingClient()", () => {
  test("asks for shorter vectors where its profile says so, and for nothing else", async () => {
    const server = closeLater(await startModelServer(openai, { answer: scriptedAnswer, apiKey: KEY }));
    const [plain, shorter] = [openAiAt(server.baseUrl), openAiAt(server.baseUrl, shortened(8))];
    await plain.embed(["a"], never);
    const { vectors, usage, response } = await shorter.embed(["a", "b"], never);
    expect(vectors.map(({ length }) => length)).toEqual([8, 8]);
    expect([usage, response]).toEqual([{ inputTokens: 10, outputTokens: 0 }, { model: "test-model-2026" }]);
    expect(server.requests).toEqual([
      { model: "test-model", input: ["a"] },
      { model: "test-model", input: ["a", "b"], dimensions: 8 },
    ]);
  });

  const shortened = (dimensions: number) => ({ embedding: { dimensions, shorten: true } });

  test("finds the operation below /v1 where it is not at the address, and stays there", async () => {
    const server = closeLater(await startModelServer(openai, { answer: scriptedAnswer, apiKey: KEY }));
    const client = openAiAt(server.origin);
    expect((await client.embed(["a"], never)).vectors).toHaveLength(1);
    expect((await client.embed(["b"], never)).vectors).toHaveLength(1);
  });

  const vector = (index: unknown, embedding: unknown = [1, 2]) => ({ index, embedding });
  test.each<[string, object | string, string, string]>([
    ["fewer vectors than texts", { data: [vector(0)] }, "MODEL_FAILED", "it has 1 vectors for 2 texts"],
    ["a number twice", { data: [vector(0), vector(0)] }, "MODEL_FAILED", "not numbered as the texts are"],
    ["a number beyond", { data: [vector(0), vector(7)] }, "MODEL_FAILED", "not numbered as the texts are"],
    ["what is no vector", { data: [vector(0), vector(1, ["a"])] }, "MODEL_FAILED", "vector 2 is none"],
    ["an empty vector", { data: [vector(0), vector(1, [])] }, "MODEL_FAILED", "vector 2 is none"],
    ["text", '"hello"', "MODEL_FAILED", "it is not what one is"],
    ["an error", { error: { message: "no such model", code: 404 } }, "MODEL_REFUSED", "no such model"],
    ["a web page", "<html>", "MODEL_REFUSED", "is a web page"],
  ])("refuses %s", async (_what, body, code, words) => {
    const baseUrl = await startRaw(typeof body === "string" ? body : JSON.stringify(body));
    const error = await errorOf(openAiAt(baseUrl).embed(["a", "b"], never));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(words)]);
  });

  test("takes vectors without numbers in their order, and counts no tokens where none are told", async () => {
    const baseUrl = await startRaw(JSON.stringify({ data: [{ embedding: [1] }, { embedding: [2] }] }));
    const made = await openAiAt(baseUrl).embed(["a", "b"], never);
    expect(made).toEqual({ vectors: [[1], [2]], usage: null, response: undefined });
  });

  test("cannot be made with an address that holds a password", () => {
    expect(() => openAiAt("http://user:password@a/v1")).toThrow('model profile "test" cannot be used');
  });
});

test("createAiSdkEmbeddings() says that a package makes none", async () => {
  const error = await errorOf(googleAt("http://127.0.0.1:9", { package: "@ai-sdk/anthropic" }).embed(["a"], never));
  expect(error).toMatchObject({
    code: "MODEL_REFUSED",
    message: expect.stringContaining(
      "@ai-sdk/anthropic is none of the AI SDK that is understood: it makes no embeddings",
    ),
  });
});

test("createAiSdkEmbeddings() refuses another number of vectors than of texts, as an answer that was made", async () => {
  const baseUrl = await startRaw(JSON.stringify({ embeddings: [{ values: [1, 2] }] }));
  const error = await errorOf(googleAt(baseUrl).embed(["a", "b"], never));
  expect(error).toMatchObject({ code: "MODEL_FAILED", spent: { usage: null } });
  expect(error.message).toContain("the answer has 1 vectors for 2 texts");
});

describe("createAiSdkEmbeddings() by @ai-sdk/amazon-bedrock, whose model takes one text in a request,", () => {
  const titan = (sent: unknown[]): EmbeddingClient =>
    googleAt("", {
      ...{ package: "@ai-sdk/amazon-bedrock", model: "amazon.titan-embed-text-v2:0" },
      settings: { region: "eu-central-1", accessKeyId: "AKIA0", secretAccessKey: KEY },
      fetch: async (_input: unknown, init?: RequestInit) => {
        sent.push(JSON.parse(String(init?.body)));
        return Response.json({ embedding: [1, 2], inputTextTokenCount: 3 });
      },
    });

  test("makes one request of one text", async () => {
    const sent: unknown[] = [];
    const made = await titan(sent).embed(["a"], never);
    expect(made).toEqual({ vectors: [[1, 2]], usage: { inputTokens: 3, outputTokens: 0 } });
    expect(sent).toMatchObject([{ inputText: "a" }]);
  });

  test("refuses more, says what its profile has to say, and is asked nothing", async () => {
    const sent: unknown[] = [];
    const error = await errorOf(titan(sent).embed(["a", "b"], never));
    expect(error).toMatchObject({ code: "MODEL_REFUSED", spent: undefined });
    expect(error.message).toContain("takes 1 text in a request, not 2; its profile says so with batch: 1");
    expect(sent).toEqual([]);
  });
});
