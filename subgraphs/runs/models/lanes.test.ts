import type { ChatEvent, ModelClient } from "@soma/sdk/model-client";
import { SomaError } from "@soma/shared/errors";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createLanes, type GuardOptions } from "./lanes.ts";
import { ModelError } from "./model-error.ts";
import { collect } from "./testing/collect.ts";

const FINISH: ChatEvent = { type: "finish", reason: "stop", usage: null };
const AWAY = new SomaError("UPSTREAM_UNAVAILABLE", "it is away");
const request = { messages: [], tools: [] };
const never = new AbortController().signal;

describe("createLanes()", () => {
  let at: number;
  let lanes: ReturnType<typeof createLanes>;
  let begun: number;
  /** What the server does with its next calls. */
  let answer: () => Promise<void>;
  beforeEach(() => {
    [at, begun] = [0, 0];
    answer = async () => {};
    lanes = createLanes(() => at);
  });
  afterEach(() => void vi.useRealTimers());

  const client = (options: Partial<GuardOptions> = {}, profile = "p"): ModelClient => {
    async function* chat(): AsyncGenerator<ChatEvent> {
      begun += 1;
      await answer();
      yield { type: "text", delta: "hello" };
      yield FINISH;
    }
    return lanes.guard({ profile, provider: "x", model: "m", isAi: true, chat }, { place: "here", ...options });
  };
  test("counts calls for vectors at a place with all others", async () => {
    answer = () => Promise.reject(AWAY);
    const embed = async () => {
      await answer();
      return { vectors: [[1]], usage: null };
    };
    const named = { profile: "p", provider: "x", model: "m", isAi: true };
    const vectors = lanes.guardEmbeddings({ ...named, dimensions: 1, embed }, { place: "here" });
    for (let failure = 1; failure <= 4; failure += 1) expect(await call(client())).toBe(AWAY);
    await expect(vectors.embed(["a"], never)).rejects.toBe(AWAY);
    await expect(vectors.embed(["a"], never)).rejects.toThrow("p (m) is left alone for 5 s");
    expect(await call(client())).toMatchObject({ code: "UPSTREAM_UNAVAILABLE" });
    at = 5_001;
    answer = async () => {};
    expect([await vectors.embed(["a"], never), await call(client())]).toEqual([{ vectors: [[1]], usage: null }, 2]);
  });

  const call = (of: ModelClient, signal = never): Promise<unknown> =>
    collect(of.chat(request, signal)).then(
      (events) => events.length,
      (error: unknown) => error,
    );
  /** Lets what can go on go on. */
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };

  test("makes so many calls at a time at a place, of all profiles there, and the next one when one has ended", async () => {
    const gates: PromiseWithResolvers<void>[] = [];
    answer = () => {
      gates.push(Promise.withResolvers<void>());
      return gates.at(-1)?.promise ?? Promise.resolve();
    };
    const [one, other] = [client({ maxConcurrent: 2 }), client({ maxConcurrent: 2 }, "q")];
    const calls = [call(one), call(other), call(one), call(other)];
    await settle();
    expect(begun).toBe(2);
    void call(client({ place: "elsewhere", maxConcurrent: 1 }));
    await settle();
    expect(begun).toBe(3);
    gates[1]?.resolve();
    await settle();
    expect([await calls[1], begun]).toEqual([2, 4]);
    for (let index = 0; index < 5; index += 1) {
      gates[index]?.resolve();
      await settle();
    }
    expect(await Promise.all(calls)).toEqual([2, 2, 2, 2]);
  });

  test("gives a place back to nobody who has gone, and lets nobody wait for ever or without bound", async () => {
    vi.useFakeTimers();
    const gate = Promise.withResolvers<void>();
    answer = () => gate.promise;
    const one = client({ maxConcurrent: 1 });
    const first = call(one);
    const controller = new AbortController();
    const canceled = call(one, controller.signal);
    controller.abort();
    expect(await canceled).toMatchObject({ code: "CANCELED" });
    expect(await call(one, AbortSignal.abort())).toMatchObject({ code: "CANCELED" });
    const waiting = Array.from({ length: 100 }, () => call(one));
    expect(await call(one)).toMatchObject({
      code: "UPSTREAM_UNAVAILABLE",
      message: "p (m) has its most calls at a time, 1, and 100 more wait",
      retryAfterMs: 1_000,
    });
    vi.advanceTimersByTime(10_000);
    for (const error of await Promise.all(waiting))
      expect(error).toMatchObject({ message: expect.stringContaining("none ended within 10000 ms") });
    gate.resolve();
    expect([await first, await call(one), begun]).toEqual([2, 2, 2]);
  });

  test("leaves a server alone that failed five times in a row, then lets one call look, and each time for longer", async () => {
    const one = client();
    answer = () => Promise.reject(AWAY);
    for (let count = 0; count < 5; count += 1) expect(await call(one)).toBe(AWAY);
    for (const [restMs, words] of [
      [5_000, "5 s: its server did not answer 5 times in a row"],
      [10_000, "10 s: its server did not answer 6 times in a row"],
      [20_000, "20 s: its server did not answer 7 times in a row"],
    ] as const) {
      const asked = begun;
      expect(await call(client({}, "q"))).toMatchObject({
        code: "UPSTREAM_UNAVAILABLE",
        message: `q (m) is left alone for ${words}`,
        retryAfterMs: restMs,
      });
      at += restMs;
      expect(begun).toBe(asked);
      const gate = Promise.withResolvers<void>();
      answer = () => gate.promise;
      const looking = call(one);
      await settle();
      expect(await call(one)).toMatchObject({ retryAfterMs: 1_000 });
      expect(begun).toBe(asked + 1);
      gate.reject(AWAY);
      expect(await looking).toBe(AWAY);
    }
    at += 40_000;
    answer = async () => {};
    expect(await call(one)).toBe(2);
    answer = () => Promise.reject(AWAY);
    for (let count = 0; count < 5; count += 1) expect(await call(one)).toBe(AWAY);
    expect(await call(one)).toMatchObject({ retryAfterMs: 5_000 });
  });

  test("rests once for all calls that fail together", async () => {
    const one = client();
    answer = () => Promise.reject(AWAY);
    await Promise.all(Array.from({ length: 64 }, () => call(one)));
    expect([begun, await call(one)]).toMatchObject([64, { retryAfterMs: 5_000 }]);
  });

  test("is not led astray by refusals, by who cancels, by bad answers, or by what breaks after something was said", async () => {
    const one = client();
    const refuse = new SomaError("MODEL_REFUSED", "no");
    const cancel = new SomaError("CANCELED", "canceled");
    const blank = new ModelError("MODEL_FAILED", "a blank answer", { spent: { usage: null } });
    for (const [error, after] of [
      [AWAY, refuse],
      [cancel, cancel],
      [blank, blank],
    ])
      for (let count = 0; count < 8; count += 1) {
        answer = () => Promise.reject(error);
        expect(await call(one)).toBe(error);
        answer = () => Promise.reject(after);
        expect(await call(one)).toBe(after);
      }
    async function* broken(): AsyncGenerator<ChatEvent> {
      yield { type: "text", delta: "hel" };
      throw AWAY;
    }
    const late = lanes.guard({ profile: "p", provider: "x", model: "m", isAi: true, chat: broken }, { place: "here" });
    for (let count = 0; count < 8; count += 1) expect(await call(late)).toBe(AWAY);
  });

  test("lets the next one look when the one that looked was canceled or left", async () => {
    const one = client();
    answer = () => Promise.reject(AWAY);
    for (let count = 0; count < 5; count += 1) await call(one);
    at += 5_000;
    answer = () => Promise.reject(new SomaError("CANCELED", "canceled"));
    await call(one);
    answer = async () => {};
    expect(await call(one)).toBe(2);
  });
});
