import { describe, expect, it } from "vitest";
import { ERASED_PAYLOAD, isErased } from "./erased-payload.ts";
import { EVENT_KIND, type EventKind, isEventKind, isStepEnd, payloadOf, toEventKind } from "./run-history.ts";

const kinds = Object.keys(EVENT_KIND) as EventKind[];

describe("payloadOf()", () => {
  it.each(kinds)("%s is read from anything, with every field there", (kind) => {
    const empty = payloadOf(kind, {});
    for (const junk of [
      null,
      undefined,
      7,
      "text",
      [],
      [1],
      { error: 3, patch: "x", seq: "1", input: null, status: {} },
    ])
      expect(payloadOf(kind, junk)).toEqual(empty);
  });

  it("keeps what was written", () => {
    const end = {
      startedAt: "2026-01-01T00:00:00.000Z",
      latencyMs: 5,
      summary: "done",
      inputSummary: "in",
      outputSummary: "out",
      spanId: "c".repeat(16),
    };
    const result = { ...end, output: ["a"], patch: { n: 1 } };
    expect(payloadOf("STEP_SUCCEEDED", { ...result, unknown: true })).toEqual(result);
    const prompt = { profile: "p", model: "m", params: {}, messages: [], tools: [] };
    expect(payloadOf("STEP_SUCCEEDED", { ...result, prompt })).toEqual({ ...result, prompt });
    const failed = { ...end, error: { code: "TIMEOUT", message: "late" } };
    expect(payloadOf("STEP_FAILED", failed)).toEqual(failed);
    const retried = { attempt: 1, delayMs: 300, error: failed.error, spanId: end.spanId };
    expect(payloadOf("STEP_RETRIED", retried)).toEqual(retried);
    const start = {
      delim: "start",
      stream: "s",
      seq: 0,
      tool: null,
      call_id: "c",
      content_type: "text/plain",
    } as const;
    expect(payloadOf("STREAM_START", start)).toEqual(start);
    const started = { summary: "paying", began: "0f", once: true, branches: 3 };
    expect(payloadOf("STEP_STARTED", started)).toEqual(started);
    const migrated = { from: "a@1#0", to: "a@2#1", state: { n: 1 }, node: "next" };
    expect(payloadOf("RUN_MIGRATED", migrated)).toEqual(migrated);
    expect(payloadOf("RUN_SUCCEEDED", { answer: "" })).toEqual({ answer: "" });
  });

  it("reads a try of an older version, which says nothing of its span", () => {
    const before = { attempt: 2, delayMs: 300, error: { code: "TIMEOUT", message: "late" } };
    expect(payloadOf("STEP_RETRIED", before)).toEqual({ ...before, spanId: "" });
  });

  it("says of what was erased that it was, in the words people see", () => {
    expect(payloadOf("STEP_SUCCEEDED", ERASED_PAYLOAD)).toMatchObject({ summary: "erased", output: null, patch: {} });
    expect(payloadOf("STEP_FAILED", ERASED_PAYLOAD).error).toEqual({ code: "ERASED", message: "erased" });
    expect(payloadOf("RUN_CANCELED", ERASED_PAYLOAD)).toEqual({ reason: "erased" });
    expect(payloadOf("APPROVAL_ASKED", ERASED_PAYLOAD)).toMatchObject({ question: "erased", details: null });
    expect(payloadOf("RUN_SUCCEEDED", ERASED_PAYLOAD)).toEqual({ answer: null });
  });

  it.each(kinds)("no payload of %s is taken for one that was erased", (kind) => {
    expect(isErased(payloadOf(kind, ERASED_PAYLOAD))).toBe(false);
    expect(isErased({ ...ERASED_PAYLOAD, more: 1 })).toBe(false);
    expect(isErased({ "soma:erased": "true" })).toBe(false);
  });

  it("says so where a reason was not recorded, and an end that cannot be read is still an end", () => {
    expect(payloadOf("RUN_FAILED", {}).error).toEqual({ code: "INTERNAL", message: "no reason was recorded" });
    expect(payloadOf("STREAM_END", { status: "NEW_ONE" }).status).toBe("ERROR");
  });
});

describe("kinds", () => {
  it("have one code each, which is never used again", () => {
    expect(EVENT_KIND).toEqual({
      RUN_STARTED: 1,
      RUN_RECOVERED: 2,
      RUN_CANCEL_REQUESTED: 3,
      RUN_SUCCEEDED: 4,
      RUN_FAILED: 5,
      RUN_CANCELED: 6,
      RUN_PAUSED: 7,
      RUN_RESUMED: 8,
      RUN_PARKED: 18,
      STEP_STARTED: 10,
      STEP_SUCCEEDED: 11,
      STEP_FAILED: 12,
      STEP_DENIED: 13,
      STEP_CANCELED: 14,
      STEP_RETRIED: 15,
      STEP_PARKED: 16,
      STEP_WOKEN: 17,
      STREAM_START: 20,
      STREAM_DATA: 21,
      STREAM_END: 22,
      RUN_FORKED: 40,
      RUN_ROLLED_BACK: 41,
      RUN_MIGRATED: 44,
      APPROVAL_ASKED: 30,
      APPROVAL_DECIDED: 31,
    });
    for (const kind of kinds) expect(toEventKind(EVENT_KIND[kind])).toBe(kind);
    expect(() => toEventKind(99)).toThrow(/99/);
  });

  it("isEventKind() and isStepEnd() tell them from what a newer server may send", () => {
    expect(kinds.every(isEventKind)).toBe(true);
    expect([isEventKind("toString"), isEventKind("RUN_FOLDED")]).toEqual([false, false]);
    expect(kinds.filter(isStepEnd)).toEqual(["STEP_SUCCEEDED", "STEP_FAILED", "STEP_DENIED", "STEP_CANCELED"]);
  });
});
