import { ERASED_PAYLOAD } from "@soma/schemas/erased-payload";
import { EVENT_KIND } from "@soma/schemas/run-history";
import { describe, expect, it } from "vitest";
import { describeEvent } from "./describe-event.ts";

describe("describeEvent()", () => {
  it.each([
    ["RUN_MIGRATED", { to: "a@2#0" }, "goes on with graph a@2#0"],
    ["STEP_STARTED", { summary: "Asking the model" }, "Asking the model"],
    ["STEP_DENIED", { summary: "code_run is denied", output: { allow: false } }, "code_run is denied"],
    [
      "STEP_RETRIED",
      { attempt: 1, delayMs: 400, error: { code: "MODEL_FAILED", message: "the connection broke" } },
      "attempt 1 failed: the connection broke; the next one follows after 0.4 s",
    ],
    ["STREAM_START", { stream: "s", tool: null }, ""],
    ["STREAM_START", { stream: "s", tool: "clock" }, "clock"],
    ["STREAM_DATA", { stream: "s", seq: 1, data: "It is" }, "It is"],
    ["STEP_WOKEN", { signal: { no: 1, name: "paid", payload: 1, sentBy: "user:ada" } }, "the signal paid came"],
    ["STEP_WOKEN", { signal: { no: 1, name: "child:r2" } }, "the run r2 has ended"],
    ["STEP_WOKEN", { signal: { no: 1, name: "approval:1.0" } }, "the question is answered"],
    ["APPROVAL_ASKED", { name: "approval:1.0", question: "Refund 40?" }, "Refund 40?"],
    ["APPROVAL_DECIDED", { approved: true, decidedBy: "user:bob" }, "user:bob approved"],
    ["APPROVAL_DECIDED", { approved: false, decidedBy: "user:bob", comment: "no" }, "user:bob refused: no"],
    ["APPROVAL_DECIDED", { approved: null }, "nobody decided in time"],
    ["RUN_SUCCEEDED", { answer: "42" }, "42"],
    ["RUN_SUCCEEDED", ERASED_PAYLOAD, "erased"],
    ["APPROVAL_DECIDED", ERASED_PAYLOAD, "erased"],
    ["RUN_FAILED", { error: { code: "MODEL_FAILED", message: "no model" } }, "MODEL_FAILED: no model"],
  ])("says of %s with %j: %s", (type, payload, words) => {
    expect(describeEvent({ type, payload })).toBe(words);
  });

  it("has nothing to say of a type that a newer server sends", () => {
    expect(describeEvent({ type: "STEP_PONDERED", payload: { summary: "x" } })).toBe("");
    expect(describeEvent({ type: "toString", payload: {} })).toBe("");
  });

  it.each(Object.keys(EVENT_KIND))("takes any payload of %s", (type) => {
    for (const payload of [null, "text", [], { summary: 1, answer: {}, tool: [], error: 0 }])
      expect(describeEvent({ type, payload })).toEqual(expect.any(String));
  });
});
