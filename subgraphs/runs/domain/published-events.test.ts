import { ERASED_PAYLOAD } from "@soma/schemas/erased-payload";
import { EVENT_KIND, type EventKind } from "@soma/schemas/run-history";
import { validateForPublish } from "@soma/schemas/validate";
import { describe, expect, it } from "vitest";
import { aHistory, RUN_FACTS as facts, RUN_ID } from "../testing/events.ts";
import { checkPublished } from "./check-published.ts";
import { PUBLISHED_KINDS, toPublishedEvent, traceIdOf } from "./published-events.ts";

describe("checkPublished()", () => {
  const [started, asking] = aHistory(
    { kind: "RUN_STARTED", payload: {} },
    { kind: "STEP_STARTED", step: 1, payload: {} },
  );
  if (started === undefined || asking === undefined) throw new Error("no events");

  it("lets through what fits its schema, and what nobody hears of", () => {
    checkPublished(facts, started);
    checkPublished({ ...facts, tenant: "ACME" }, asking);
  });

  it("refuses what does not, by its run and its field", () => {
    expect(() => checkPublished({ ...facts, tenant: "ACME" }, started)).toThrow(
      expect.objectContaining({
        code: "EVENT_INVALID",
        message: expect.stringMatching(`^event agent.runs.v1 of run ${RUN_ID} does not fit its schema: /tenant`),
      }),
    );
  });
});

describe("toPublishedEvent()", () => {
  const kinds = Object.keys(EVENT_KIND) as EventKind[];

  it.each(kinds)("%s is only history, or an event that fits its schema", (kind) => {
    const step = kind.startsWith("RUN_") ? 0 : 3;
    const [event] = aHistory({
      kind,
      step,
      payload: {
        latencyMs: 5,
        startedAt: "2026-01-01T00:00:00.000Z",
        spanId: "c".repeat(16),
        error: { code: "TIMEOUT", message: "late" },
      },
    });
    if (event === undefined) throw new Error("no event");
    const published = toPublishedEvent(facts, event);
    expect(published !== undefined).toBe(PUBLISHED_KINDS.includes(EVENT_KIND[kind]));
    if (published !== undefined) expect(validateForPublish(published.type, published.data)).toEqual([]);
    const erased = toPublishedEvent(facts, { ...event, payload: ERASED_PAYLOAD });
    if (erased !== undefined) expect(validateForPublish(erased.type, erased.data)).toEqual([]);
  });

  it.each([
    ["RUN_STARTED", { request_ids: ["req-7"] }],
    ["STEP_SUCCEEDED", { request_id: "req-7" }],
  ] as const)("%s names the request that started the run, and none where none did", (kind, named) => {
    const [event] = aHistory({ kind, step: kind === "RUN_STARTED" ? 0 : 1, payload: {} });
    if (event === undefined) throw new Error("no event");
    expect(toPublishedEvent(facts, event)?.data).toMatchObject(named);
    const unasked = toPublishedEvent({ ...facts, requestId: "" }, event);
    expect(Object.keys(unasked?.data ?? {}).filter((name) => name.startsWith("request_id"))).toEqual([]);
  });

  it("names the run, the step, the retries and the trace, and never a payload", () => {
    const [event] = aHistory({
      kind: "STEP_FAILED",
      step: 4,
      attempt: 3,
      payload: { output: "secret", patch: { messages: ["secret"] } },
    });
    const published = event === undefined ? undefined : toPublishedEvent(facts, event);
    expect(published?.data).toMatchObject({
      run_id: RUN_ID,
      step_id: `${RUN_ID}.4`,
      status: "failed",
      retry_count: 2,
      trace_id: "a".repeat(32),
      tenant: "acme",
    });
    expect(JSON.stringify(published)).not.toContain("secret");
    expect(traceIdOf("nonsense")).toBe("");
  });

  it("names the run that started it", () => {
    const [event] = aHistory({ kind: "RUN_STARTED" });
    const published = event === undefined ? undefined : toPublishedEvent({ ...facts, parentRunId: RUN_ID }, event);
    expect(published?.data).toMatchObject({ parent_run_id: RUN_ID });
  });

  it.each([
    ["RUN_SUCCEEDED", { failed: 0, denied: 0, cut: 0 }, "ok"],
    ["RUN_SUCCEEDED", { failed: 0, denied: 2, cut: 0 }, "with_denials"],
    ["RUN_SUCCEEDED", { failed: 1, denied: 2, cut: 0 }, "with_failures"],
    ["RUN_SUCCEEDED", { failed: 1, denied: 2, cut: 1 }, "incomplete"],
    ["RUN_FAILED", { failed: 1, denied: 0, cut: 0 }, "failed"],
    ["RUN_CANCELED", { failed: 0, denied: 1, cut: 0 }, "canceled"],
  ] as const)("says of %s with %j that it went %s", (kind, badCalls, outcome) => {
    const [event] = aHistory({ kind });
    if (event === undefined) throw new Error("no event");
    const published = toPublishedEvent({ ...facts, badCalls }, event);
    const { failed, denied, cut } = badCalls;
    expect(published?.data).toMatchObject({ outcome, failed_calls: failed, denied_calls: denied, cut_answers: cut });
    expect(validateForPublish("agent.runs.v1", published?.data)).toEqual([]);
  });

  it.each([
    ["RUN_SUCCEEDED", 0, {}, { input_tokens: 4, model_calls: 1, cost: "0.000005", currency: "USD" }],
    ["RUN_STARTED", 0, {}, undefined],
    ["STEP_SUCCEEDED", 1, { output: { usage: { inputTokens: 2, outputTokens: 1 } } }, { input_tokens: 2 }],
    ["STEP_FAILED", 1, { error: { code: "TIMEOUT", message: "late" } }, undefined],
  ] as const)("says of %s what was used once that is known", (kind, step, payload, used) => {
    const [event] = aHistory({ kind, step, nodeType: "model", payload: { spanId: "", ...payload } });
    if (event === undefined) throw new Error("no event");
    const usage = { money: 5, inputTokens: 4, cachedTokens: 0, outputTokens: 1, modelCalls: 1, toolCalls: 0 };
    const published = toPublishedEvent({ ...facts, usage: { ...usage, currency: "USD" } }, event);
    if (used === undefined) expect(published?.data).not.toHaveProperty("usage");
    else expect(published?.data.usage).toMatchObject(used);
    expect(validateForPublish(published?.type ?? "agent.runs.v1", published?.data)).toEqual([]);
  });

  it("says of a run that goes on nothing about how it went", () => {
    const [event] = aHistory({ kind: "RUN_STARTED" });
    if (event === undefined) throw new Error("no event");
    const published = toPublishedEvent({ ...facts, badCalls: { failed: 0, denied: 0, cut: 0 } }, event);
    expect(published?.data).not.toHaveProperty("outcome");
  });
});
