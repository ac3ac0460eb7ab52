import { afterEach, describe, expect, test } from "vitest";
import { modelClientContract } from "../model-client.contract.ts";
import { ask, createClientHarness, errorOf, KEY } from "../testing/client-harness.ts";
import { anthropic } from "../testing/doors/anthropic.ts";
import { gemini } from "../testing/doors/gemini.ts";
import { type Door, type Fault, scriptedAnswer, startModelServer } from "../testing/model-server.ts";
import { assist, HEARD, threeTurns } from "../testing/three-turns.ts";
import { type AiSdkOptions, createAiSdkClient } from "./client.ts";

const { startRaw, closeLater, close } = createClientHarness();

afterEach(close);

/** The package of Google looks at the name: from the third on, models of Gemini sign their calls. */
const MODEL = "gemini-3-test";
const models = [MODEL];

function clientAt(name: string, baseURL: string, changes: Partial<AiSdkOptions> = {}) {
  const timeoutsMs = { connect: 2_000, firstToken: 5_000, total: 5_000 };
  const named = { profile: "test", provider: "ai-sdk", model: MODEL, package: name, secrets: [KEY] };
  return createAiSdkClient({ ...named, settings: { apiKey: KEY, baseURL }, timeoutsMs, ...changes });
}

const PACKAGES: [string, () => Door][] = [
  ["@ai-sdk/anthropic", anthropic],
  ["@ai-sdk/google", gemini],
];

for (const [name, door] of PACKAGES)
  modelClientContract(`createAiSdkClient() by ${name}`, async () => {
    const server = await startModelServer(door(), { answer: scriptedAnswer, apiKey: KEY, models });
    return { client: clientAt(name, server.baseUrl), requests: server.requests, close: server.close };
  });

test("createAiSdkClient() asks Anthropic for no more tokens than it may, however much it is to think", async () => {
  const server = closeLater(await startModelServer(anthropic(), { answer: scriptedAnswer, apiKey: KEY, models }));
  const providerOptions = { anthropic: { thinking: { type: "enabled", budgetTokens: 20_000 } } };
  const params = { maxOutputTokens: 8_000 };
  await ask(clientAt("@ai-sdk/anthropic", server.baseUrl, { params, providerOptions }));
  await ask(clientAt("@ai-sdk/anthropic", server.baseUrl, { params: { ...params, reasoningEffort: "high" } }));
  for (const { max_tokens: most, thinking } of server.requests)
    expect([most, thinking]).toEqual([8_000, { type: "enabled", budget_tokens: expect.any(Number) }]);
  expect(server.requests[0]).toMatchObject({ thinking: { budget_tokens: 4_000 } });
});

describe.each(PACKAGES)("createAiSdkClient() by %s", (name, door) => {
  const start = async (...faults: Fault[]) => {
    const server = closeLater(await startModelServer(door(), { answer: threeTurns, apiKey: KEY, models }));
    server.failNext(...faults);
    return server;
  };

  test("runs the assistant to its end, with its tools and with signatures that must come back", async () => {
    const server = await start();
    const run = await assist(clientAt(name, server.baseUrl));
    expect([run.status, run.error, run.answer]).toEqual(["SUCCEEDED", undefined, HEARD]);
    expect(server.requests).toHaveLength(3);
    for (const signature of ["signature-1", "signature-2"])
      expect(JSON.stringify(server.requests[2])).toContain(signature);
  });

  test("hears thinking, text, calls, usage, and what only the model's server understands", async () => {
    const server = await start();
    const events = await ask(clientAt(name, server.baseUrl));
    const thoughts = events.flatMap((event) => (event.type === "thinking" ? [event.delta] : []));
    expect([thoughts.length > 1, thoughts.join("")]).toEqual([true, "The person wants to know something."]);
    expect(events.slice(-2)).toMatchObject([
      { type: "toolCall", call: { name: "calculate", arguments: '{"expression":"37*12"}' } },
      {
        ...{ type: "finish", reason: "tool_calls", usage: { inputTokens: 20, outputTokens: 14 } },
        given: { by: expect.stringMatching(new RegExp(`^${MODEL} at http.*, by ${name}$`)) },
      },
    ]);
    expect(JSON.stringify(events.at(-1))).toContain("signature-1");
  });

  test.each<[string, Fault, string, string]>([
    [
      "a busy server, with the wait it asks for",
      { kind: "status", status: 503, retryAfterS: 2 },
      "UPSTREAM_UNAVAILABLE",
      "HTTP 503",
    ],
    ["an overload", { kind: "status", status: 529 }, "UPSTREAM_UNAVAILABLE", "HTTP 529"],
    [
      "a wrong key",
      { kind: "status", status: 401, message: `no such key ${KEY}` },
      "MODEL_REFUSED",
      "no such key [key]",
    ],
    ["a break in the middle", { kind: "cut", afterLines: 3 }, "MODEL_FAILED", "broke in the middle of the answer"],
    ["a line that is not JSON", { kind: "garbage", afterLines: 2 }, "MODEL_FAILED", "the answer cannot be read"],
  ])("fails on %s, and is asked once", async (_name, fault, code, words) => {
    const server = await start(fault);
    const error = await errorOf(ask(clientAt(name, server.baseUrl)));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(words)]);
    expect(error.retryAfterMs).toBe(fault.kind === "status" && fault.retryAfterS !== undefined ? 2_000 : null);
    expect(server.requests).toHaveLength(1);
  });

  test("fails when nobody listens, on a web page, and on silence", async () => {
    const page = await startRaw("<html>hi</html>", { "content-type": "text/html" });
    expect(await errorOf(ask(clientAt(name, page)))).toMatchObject({
      code: expect.stringMatching(/MODEL_(?:REFUSED|FAILED)/),
    });
    const server = await start({ kind: "hang" });
    const timeoutsMs = { connect: 2_000, firstToken: 100, total: 5_000 };
    expect(await errorOf(ask(clientAt(name, server.baseUrl, { timeoutsMs })))).toMatchObject({
      code: "TIMEOUT",
      message: "test (gemini-3-test) gave no first token within 100 ms",
    });
    await close();
    expect(await errorOf(ask(clientAt(name, server.baseUrl)))).toMatchObject({
      code: "UPSTREAM_UNAVAILABLE",
      message: expect.stringContaining("cannot be reached"),
    });
  });
});
