import { validateForPublish } from "@soma/schemas/validate";
import { newId } from "@soma/shared/ids";
import { describe, expect, it } from "vitest";
import { type AnsweredCall, askedByOf, keyOfRequest, toToolResult } from "./tool-result.ts";

const event = {
  event_id: newId(),
  session_id: newId("Session"),
  tool_name: "clock",
  args: { zone: "UTC" },
  metadata: { ticket: "A-17" },
  trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
  span_id: "00f067aa0ba902b7",
  request_id: "req-7",
  tenant: "acme",
};
const call: AnsweredCall = {
  tenant: "acme",
  tool: "clock",
  status: "SUCCEEDED",
  output: "noon",
  error: null,
  executionMs: 420,
};

describe("askedByOf()", () => {
  it("keeps what comes back in the result, and no argument", () => {
    expect(askedByOf(event)).toEqual({
      event_id: event.event_id,
      session_id: event.session_id,
      metadata: { ticket: "A-17" },
      request_id: "req-7",
      trace_id: event.trace_id,
    });
    expect(askedByOf({ ...event, persona_id: "bookkeeper" })).toMatchObject({ persona_id: "bookkeeper" });
  });
});

describe("keyOfRequest()", () => {
  it("is the same for one event, however often it comes", () => {
    expect(keyOfRequest(event)).toBe(`tool.request.v1/${event.event_id}`);
  });
});

describe("toToolResult()", () => {
  it.each<[string, Partial<AnsweredCall>, object]>([
    ["succeeded", {}, { status: "succeeded", payload: "noon", execution_time: 0.42 }],
    ["said nothing", { output: null }, { status: "succeeded", payload: null }],
    [
      "failed",
      { status: "FAILED", output: null, error: { type: "no_luck", message: "try tomorrow" } },
      { status: "failed", payload: { error: { type: "no_luck", message: "try tomorrow" } } },
    ],
    [
      "failed after it had said something",
      { status: "TIMED_OUT", error: { type: "timeout", message: "too late" }, executionMs: -1 },
      {
        status: "timed_out",
        payload: { error: { type: "timeout", message: "too late" }, output: "noon" },
        execution_time: 0,
      },
    ],
  ])("tells of a call that %s, with what its writer wants to find again, as its schema has it", (_name, more, said) => {
    const result = toToolResult(askedByOf(event), { ...call, ...more });
    expect(result).toMatchObject({ ...said, tool_name: "clock", metadata: { ticket: "A-17" }, request_id: "req-7" });
    expect(validateForPublish("tool.result.v1", result)).toEqual([]);
  });

  it("cuts an output that no event has room for, and says so", () => {
    const result = toToolResult(askedByOf({ ...event, persona_id: "p" }), { ...call, output: "x".repeat(500_000) });
    expect(result).toMatchObject({ status: "truncated", payload: "x".repeat(400_000), persona_id: "p" });
  });
});
