import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { A_MILLIONTH } from "../../testing/priced-model.ts";
import { aSpender } from "../testing/books.ts";
import { ask, createClientHarness, errorOf } from "../testing/client-harness.ts";
import { meteredModel } from "./metered-model.ts";

const { clientAt, startRaw, close } = createClientHarness();
afterEach(close);

const STREAM = { "content-type": "text/event-stream" };
const stream = (...chunks: object[]): string => chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join("");
const choice = (delta: object, reason: string | null = null) => ({
  choices: [{ index: 0, delta, finish_reason: reason }],
});
const usage = { usage: { prompt_tokens: 40, completion_tokens: 900 } };
const call = { tool_calls: [{ index: 0, id: "c", function: { name: "calculate", arguments: '{"expr' } }] };
const error = (code: unknown) => ({ error: { code, message: "no" } });

/** What is settled of a call that is answered with this. */
const settledOf = async (body: string, status = 200) => settledAt(await startRaw(body, STREAM, status));

async function settledAt(address: string) {
  const books = aSpender();
  const client = { ...clientAt(address), terms: A_MILLIONTH };
  await errorOf(ask(meteredModel(client, books.spender)));
  const [, { modelCalls, outputTokens }] = books.settled[0] ?? ["", { modelCalls: -1, outputTokens: -1 }];
  return [modelCalls, outputTokens];
}

describe("a call that failed", () => {
  test.each([
    ["reasoned until its limit, and said so", stream(choice({}, "length"), { choices: [], ...usage }), 900],
    ["stopped without a word, and said what it used", stream({ ...choice({}, "stop"), ...usage }), 900],
    ["reasoned until its limit, and said nothing of it", stream(choice({}, "length")), 1_000],
    ["was cut in the middle of the arguments of a tool", stream(choice(call)), 1_000],
    ["was cut before anything was seen of it", stream(choice({})), 1_000],
    ["broke after it had begun", stream(choice(call), error(503)), 1_000],
    ["sends what is no answer", stream({ nonsense: true }), 1_000],
  ])("and %s is counted", async (_what, body, output) => {
    expect(await settledOf(body)).toEqual([1, output]);
  });

  test.each([[400], [401], [429], [500], [503]])("with HTTP %i is not counted", async (status) => {
    expect(await settledOf(JSON.stringify(error("x")), status)).toEqual([0, 0]);
  });

  test.each([[504], [524]])("with HTTP %i is counted: the model may have answered", async (status) => {
    expect(await settledOf(JSON.stringify(error("x")), status)).toEqual([1, 1_000]);
  });

  test("by a connection that broke after the question was sent is counted, and one that never was is not", async () => {
    const deaf = createServer((request) => void request.on("data", () => request.socket.destroy()).resume());
    await new Promise<void>((resolve) => deaf.listen(0, "127.0.0.1", resolve));
    const { port } = deaf.address() as AddressInfo;
    const address = `http://127.0.0.1:${port}/v1`;
    expect(await settledAt(address)).toEqual([1, 1_000]);
    await new Promise((resolve) => deaf.close(resolve));
    expect(await settledAt(address)).toEqual([0, 0]);
  });

  test("with an error in place of an answer is not counted", async () => {
    expect(await settledOf(stream(error(429)))).toEqual([0, 0]);
  });
});
