import { ROOT_CONTEXT } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { activeRequestId, toRequestId, withRequestId } from "./request-id.ts";
import { contextFromHeaders, headersOf, traceHeaders } from "./telemetry.ts";

describe("toRequestId()", () => {
  it("keeps an id that a caller gave, and makes one where it gave none or something else", () => {
    expect(toRequestId("req-7:a.b_c")).toBe("req-7:a.b_c");
    for (const given of [null, undefined, "", "two words", "x\r\ny: z", "a".repeat(129)])
      expect(toRequestId(given)).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe("withRequestId()", () => {
  it("is told by activeRequestId(), and goes from headers to headers", () => {
    expect(activeRequestId(ROOT_CONTEXT)).toBe("");
    expect(activeRequestId(withRequestId(ROOT_CONTEXT, "req-7"))).toBe("req-7");
    expect(traceHeaders(contextFromHeaders({ "x-request-id": "req-7" }))).toMatchObject({ "x-request-id": "req-7" });
  });

  it("leaves a context as it is for what is no id", () => {
    const known = withRequestId(ROOT_CONTEXT, "req-7");
    expect(activeRequestId(withRequestId(known, "not one"))).toBe("req-7");
    expect(traceHeaders(ROOT_CONTEXT)).toEqual({});
  });
});

describe("headersOf()", () => {
  it("has a header for what is known, and none for what is not", () => {
    const traceParent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    expect(headersOf({ traceParent, requestId: "req-7" })).toEqual({
      traceparent: traceParent,
      "x-request-id": "req-7",
    });
    expect(headersOf({ traceParent: "", requestId: "" })).toEqual({});
  });
});
