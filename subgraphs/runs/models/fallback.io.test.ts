import type { ChatEvent, ModelClient } from "@soma/sdk/model-client";
import { SomaError } from "@soma/shared/errors";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Hop, openWithFallbacks } from "./fallback.ts";
import { ModelError } from "./model-error.ts";
import { ask, createClientHarness, errorOf } from "./testing/client-harness.ts";
import type { Fault, OpenAiServer } from "./testing/openai-server.ts";

const hop = (profile: string, attempts = 1): Hop => ({ profile, attempts });
const HOPS = [hop("first"), hop("second")];

describe("openWithFallbacks()", () => {
  const harness = createClientHarness();
  let first: OpenAiServer;
  let second: OpenAiServer;
  let clients: Record<string, ModelClient>;
  beforeAll(async () => {
    [first, second] = [await harness.startServer(), await harness.startServer()];
    const timeoutsMs = { connect: 2_000, firstToken: 150, total: 5_000 };
    clients = {
      first: harness.clientAt(first.baseUrl, { profile: "first", timeoutsMs }),
      second: harness.clientAt(second.baseUrl, { profile: "second" }),
      away: harness.clientAt("http://127.0.0.1:1/v1", { profile: "away" }),
    };
  });
  afterAll(() => harness.close());

  const open = async (profile: string): Promise<ModelClient> => {
    const client = clients[profile];
    if (client === undefined)
      throw new ModelError("MODEL_REFUSED", `role "r" may not use model profile "${profile}"`, { isOfProfile: true });
    return client;
  };
  /** What is heard when the first server answers its next requests like this, and how often each server was asked. */
  async function askWith(faults: Fault[], hops: Hop[] = HOPS) {
    const before = [first.requests.length, second.requests.length];
    first.failNext(...faults);
    const client = await openWithFallbacks(hops, open);
    const heard = await ask(client).catch((error: unknown) => error);
    const counts = [first.requests.length, second.requests.length].map((count, index) => count - (before[index] ?? 0));
    return { heard, counts };
  }
  const begin = (heard: unknown): ChatEvent | undefined => (Array.isArray(heard) ? heard[0] : undefined);

  test("leaves a profile alone that has no others behind it", async () => {
    expect(await openWithFallbacks([hop("first")], open)).toBe(clients.first);
  });

  test("asks nobody else where the first one answers, and tells of nobody", async () => {
    const { heard, counts } = await askWith([]);
    expect(counts).toEqual([1, 0]);
    expect((heard as ChatEvent[]).map(({ type }) => type)).not.toContain("answeredBy");
  });

  test.each<[string, Fault, string, string]>([
    ["429", { kind: "status", status: 429, message: "slow down" }, "UPSTREAM_UNAVAILABLE", "HTTP 429: slow down"],
    ["503", { kind: "status", status: 503, retryAfterS: 9 }, "UPSTREAM_UNAVAILABLE", "HTTP 503"],
    ["500", { kind: "status", status: 500 }, "UPSTREAM_UNAVAILABLE", "HTTP 500"],
    ["401", { kind: "status", status: 401 }, "MODEL_REFUSED", "HTTP 401 (check the key"],
    ["404", { kind: "status", status: 404 }, "MODEL_REFUSED", "HTTP 404"],
    ["silence", { kind: "hang" }, "TIMEOUT", "gave no first token within 150 ms"],
    ["silence in a stream", { kind: "hangInStream" }, "TIMEOUT", "gave no first token within 150 ms"],
    ["a stream that ends at once", { kind: "cut", afterLines: 0 }, "UPSTREAM_UNAVAILABLE", "before it answered"],
  ])("asks the next one after %s, and says why", async (_name, fault, code, message) => {
    const { heard, counts } = await askWith([fault]);
    expect(counts).toEqual([1, 1]);
    expect(begin(heard)).toEqual({
      type: "answeredBy",
      by: { profile: "second", provider: "test", model: "test-model", isAi: true },
      passedOver: [{ profile: "first", code, message: expect.stringContaining(message) }],
    });
    expect((heard as ChatEvent[]).at(-1)).toMatchObject({ type: "finish" });
  });

  test.each([400, 413, 422])("asks nobody else after HTTP %i, which refuses the request", async (status) => {
    const { heard, counts } = await askWith([{ kind: "status", status, message: "no" }]);
    expect([counts, (heard as SomaError).code]).toEqual([[1, 0], "MODEL_REFUSED"]);
  });

  test("asks nobody else once something was said", async () => {
    first.failNext({ kind: "cut", afterLines: 5 });
    const client = await openWithFallbacks(HOPS, open);
    const heard: ChatEvent[] = [];
    const before = second.requests.length;
    const asking = (async () => {
      for await (const event of client.chat(
        { messages: [{ role: "user", content: "Hello" }], tools: [] },
        new AbortController().signal,
      ))
        heard.push(event);
    })();
    expect((await errorOf(asking)).code).toBe("MODEL_FAILED");
    expect([heard[0]?.type, second.requests.length - before]).toEqual(["text", 0]);
  });

  test("asks nobody else when it is canceled", async () => {
    const client = await openWithFallbacks(HOPS, open);
    const before = second.requests.length;
    const canceled = ask(client, "Hello", AbortSignal.abort());
    expect([(await errorOf(canceled)).code, second.requests.length - before]).toEqual(["CANCELED", 0]);
  });

  test("asks a profile as often as it is to be, and does not where it was refused for good or asked to wait", async () => {
    const hops = [hop("first", 2), hop("second")];
    const broken: Fault = { kind: "status", status: 500 };
    expect((await askWith([broken], hops)).counts).toEqual([2, 0]);
    expect((await askWith([broken, broken], hops)).counts).toEqual([2, 1]);
    expect((await askWith([{ kind: "status", status: 401 }], hops)).counts).toEqual([1, 1]);
    expect((await askWith([{ kind: "status", status: 503, retryAfterS: 9 }], hops)).counts).toEqual([1, 1]);
  });

  test("passes over what cannot be opened or may not be used, each hop by itself", async () => {
    const { heard, counts } = await askWith(
      [{ kind: "status", status: 429 }],
      [hop("denied"), ...HOPS.toSpliced(1, 0, hop("away"))],
    );
    expect(counts).toEqual([1, 1]);
    expect(begin(heard)).toMatchObject({
      passedOver: [
        { profile: "denied", message: 'role "r" may not use model profile "denied"' },
        { profile: "first", code: "UPSTREAM_UNAVAILABLE" },
        { profile: "away", code: "UPSTREAM_UNAVAILABLE", message: expect.stringContaining("cannot be reached") },
      ],
    });
  });

  test("fails with every reason when nobody answers, and waits as long as the most patient of them asks for", async () => {
    first.failNext({ kind: "status", status: 503, retryAfterS: 9 });
    second.failNext({ kind: "status", status: 401, message: "no such key" });
    const error = await errorOf(ask(await openWithFallbacks(HOPS, open)));
    expect(error).toMatchObject({ code: "UPSTREAM_UNAVAILABLE", retryAfterMs: 9_000 });
    expect(error.message).toMatch(
      /^first \(test-model\) answered HTTP 503.*; second \(test-model\) answered HTTP 401.*no such key/,
    );
    await expect(openWithFallbacks([hop("x"), hop("y")], open)).rejects.toMatchObject({
      code: "MODEL_REFUSED",
      message: 'role "r" may not use model profile "x"; role "r" may not use model profile "y"',
    });
    await expect(openWithFallbacks([hop("x")], open)).rejects.toThrow(/^role "r" may not use model profile "x"$/);
  });

  test("throws what is no fault of a profile", async () => {
    const full = new SomaError("LIMIT_EXCEEDED", "the budget is spent");
    await expect(openWithFallbacks(HOPS, () => Promise.reject(full))).rejects.toBe(full);
  });
});
