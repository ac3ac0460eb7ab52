import { afterEach, describe, expect, test } from "vitest";
import { createOpenAiResponsesClient } from "../openai-responses/client.ts";
import { createClientHarness, KEY } from "./client-harness.ts";
import { geminiOpenAi } from "./doors/gemini-openai.ts";
import { azure, llamaCpp, ollama, vllm } from "./doors/local.ts";
import { mistral } from "./doors/mistral.ts";
import { openai } from "./doors/openai.ts";
import { responses } from "./doors/responses.ts";
import { deepseek, deepseekReasoner, kimi } from "./doors/thinking.ts";
import { type Door, type ModelServer, startModelServer } from "./model-server.ts";
import { assist, HEARD, threeTurns } from "./three-turns.ts";

const { clientAt, startHttp, closeLater, close } = createClientHarness();

afterEach(close);

const start = async (door: Door, apiKey = KEY): Promise<ModelServer> =>
  closeLater(await startModelServer(door, { answer: threeTurns, apiKey }));

const PATH = ["recall", "model", "branch"];
const CALL = ["policy", "tool", "branch"];

describe("the assistant runs to its end, with its tools, against a server as strict as", () => {
  let full = 1;
  const isFull = (): boolean => full-- === 1;
  test.each<[string, Door, { requests?: number; attempts?: number }]>([
    ["OpenAI", openai, {}],
    ["Mistral, which also refuses stream_options once", mistral(), { requests: 4 }],
    [
      "DeepSeek, whose thoughts must come back, and which has no room at first",
      deepseek({ isFull }),
      { requests: 4, attempts: 2 },
    ],
    ["a reasoner whose thoughts must not come back, and which says so once", deepseekReasoner(), { requests: 4 }],
    ["Kimi", kimi(), {}],
    ["Gemini behind its door for OpenAI's clients", geminiOpenAi(), {}],
    ["Ollama, whose calls have no ids", ollama({ hasIds: false }), {}],
    ["Ollama, whose calls all have the same id", ollama({ hasIds: true }), {}],
    ["vLLM, which loads for a while", vllm({ loading: 5 }), { requests: 8, attempts: 6 }],
    ["llama.cpp, which loads for a while", llamaCpp({ loading: 5 }), { requests: 8, attempts: 6 }],
  ])("%s", async (_name, door, { requests = 3, attempts = 1 }) => {
    const server = await start(door);
    const run = await assist(clientAt(server.baseUrl));
    expect([run.status, run.error, run.answer]).toEqual(["SUCCEEDED", undefined, HEARD]);
    expect(run.path).toEqual([
      ...PATH,
      ...CALL,
      "model",
      "branch",
      ...CALL,
      ...CALL,
      "model",
      "branch",
      "remember",
      "answer",
    ]);
    expect(run.steps.find(({ node }) => node === "model")?.attempts).toBe(attempts);
    expect(server.requests).toHaveLength(requests);
  });

  test("Ollama, at the address that people know", async () => {
    const server = await start(ollama({ hasIds: false }));
    expect(await assist(clientAt(server.origin))).toMatchObject({ status: "SUCCEEDED", answer: HEARD });
  });

  test("Azure, at the address that its pages show", async () => {
    const server = await start(azure());
    const toServer: typeof fetch = (input, init) =>
      fetch(String(input).replace("https://soma.openai.azure.com", server.origin), init);
    const address = "https://soma.openai.azure.com/openai/deployments/assistant?api-version=2026-01-01";
    expect(await assist(clientAt(address, { fetch: toServer }))).toMatchObject({ status: "SUCCEEDED", answer: HEARD });
    const noVersion = await assist(clientAt(address.replace(/\?.*/, ""), { fetch: toServer }));
    expect(noVersion.error?.message).toContain("/openai/deployments/assistant (check baseUrl");
  });

  test("OpenAI's responses", async () => {
    const server = await start(responses());
    const { baseUrl } = server;
    const timeoutsMs = { connect: 2_000, firstToken: 5_000, total: 5_000 };
    const named = { profile: "test", provider: "openai-responses", model: "test-model", apiKey: KEY };
    const run = await assist(createOpenAiResponsesClient({ ...named, baseUrl, timeoutsMs }));
    expect(run).toMatchObject({ status: "SUCCEEDED", answer: HEARD });
    expect(server.requests).toHaveLength(3);
    for (const thought of ["encrypted-thought-1", "encrypted-thought-2"])
      expect(JSON.stringify(server.requests[2]?.input)).toContain(thought);
  });
});

describe("an assistant whose server", () => {
  const refused = (code: string, message: string) => ({
    ...{ status: "FAILED", error: { code, message: expect.stringContaining(message) } },
  });

  test.each<[string, Parameters<ModelServer["failNext"]>, object, number]>([
    ["dies in the middle, and comes back, asks again", [{ kind: "cut", afterLines: 4 }], { status: "SUCCEEDED" }, 2],
    ["sends garbage once asks again", [{ kind: "garbage", afterLines: 3 }], { status: "SUCCEEDED" }, 2],
    [
      "is busy for ten minutes waits",
      Array.from({ length: 12 }, () => ({ kind: "status", status: 503, retryAfterS: 50 })),
      { status: "SUCCEEDED" },
      13,
    ],
    [
      "always dies in the middle fails with its reason",
      Array.from({ length: 4 }, () => ({ kind: "cut", afterLines: 4 })),
      refused("MODEL_FAILED", "broke in the middle"),
      4,
    ],
    ["does not know the key fails at once", [{ kind: "status", status: 401 }], refused("MODEL_REFUSED", "HTTP 401"), 1],
  ])("%s", async (_name, faults, outcome, requests) => {
    const server = await start(openai);
    server.failNext(...faults);
    const run = await assist(clientAt(server.baseUrl));
    expect(run).toMatchObject(outcome);
    expect(server.requests).toHaveLength(requests + (run.status === "SUCCEEDED" ? 2 : 0));
    if (faults.length === 12) expect(run.tookMs).toBeGreaterThanOrEqual(600_000);
  });

  test("hangs is given up at its deadline, and asked again", async () => {
    const server = await start(openai);
    server.failNext({ kind: "hang" }, { kind: "hangInStream" });
    const timeoutsMs = { connect: 2_000, firstToken: 150, total: 5_000 };
    const run = await assist(clientAt(server.baseUrl, { timeoutsMs }));
    expect(run).toMatchObject({ status: "SUCCEEDED", answer: HEARD });
    expect(run.steps[1]).toMatchObject({ node: "model", attempts: 3 });
  });

  test.each<[string, string, object]>([
    ["answers with a web page fails at once", "<html>hi</html>", refused("MODEL_REFUSED", "is a web page")],
    [
      "answers with random bytes fails, after four tries",
      "\u0000\u0007{]",
      refused("MODEL_FAILED", "ended before the answer was finished"),
    ],
    ["answers nothing fails", "", refused("MODEL_FAILED", "ended before the answer was finished")],
    [
      "lies about its usage is believed in its words alone",
      JSON.stringify({
        choices: [{ message: { content: "hi" }, finish_reason: "stop" }],
        usage: { prompt_tokens: -5, completion_tokens: "many", total_tokens: 1e300 },
      }),
      { status: "SUCCEEDED", answer: "hi" },
    ],
    [
      "cuts its answer says so",
      JSON.stringify({ choices: [{ message: { content: "so far" }, finish_reason: "length" }] }),
      { status: "SUCCEEDED", answer: "so far" },
    ],
  ])("%s", async (_name, body, outcome) => {
    const baseUrl = await startHttp((_request, response) => void response.end(body));
    const run = await assist(clientAt(baseUrl));
    expect(run).toMatchObject(outcome);
    const model = run.steps.find(({ node }) => node === "model");
    if (body.includes('"length"')) expect(model?.summary).toContain("cut at the model's limit of tokens");
    if (body.includes("usage")) expect(model?.output).toMatchObject({ usage: null });
  });
});
