import { describe, expect, it } from "vitest";
import { parseHealth } from "./parse-health.ts";

const parse = (body: unknown, status = 200) => parseHealth({ status, body, retryAfterMs: undefined }, 12);

describe("parseHealth()", () => {
  it.each<[string, object, object]>([
    ["a build that is well and says it is not", { ok: false, memory_ok: true }, { memoryOk: true, circuitOpen: false }],
    [
      "a build whose store is dead and says it is well",
      { ok: true, memory_ok: false },
      { memoryOk: false, circuitOpen: false },
    ],
    [
      "a build with an open breaker",
      { memory_ok: true, memory_circuit_open: true },
      { memoryOk: true, circuitOpen: true },
    ],
    [
      "a build that tells of its parts",
      { components: { memory: { healthy: true, circuit_open: true } } },
      { memoryOk: true, circuitOpen: true },
    ],
    ["a part that says ok", { components: { memory: { ok: false } } }, { memoryOk: false, circuitOpen: false }],
    ["a part that names its way", { components: { memory: { http: true } } }, { memoryOk: true, circuitOpen: false }],
  ])("reads %s", (_which, body, probe) => {
    expect(parse(body)).toEqual({ ...probe, latencyMs: 12 });
  });

  it("has a fault for what says nothing of its memory", () => {
    expect(parse({ status: "healthy" })).toEqual({ fault: "SomaBrain does not say how its memory is" });
    expect(parse({ components: { memory: "fine" }, memory_ok: "true" })).toMatchObject({ fault: expect.anything() });
    expect(parse("OK")).toEqual({ fault: "SomaBrain answered with no JSON when it was asked how it is" });
    expect(parse([])).toMatchObject({ fault: expect.stringContaining("no JSON") });
  });

  it("has a fault for what is no answer, with what it says", () => {
    expect(parse({ error: "Cognitive processing error" }, 500)).toEqual({
      fault: "SomaBrain answered 500: Cognitive processing error",
    });
    expect(parse({ detail: { message: "gone" } }, 503)).toEqual({ fault: "SomaBrain answered 503: gone" });
    expect(parse({ detail: [{ loc: ["body"] }] }, 422)).toEqual({
      fault: 'SomaBrain answered 422: [{"loc":["body"]}]',
    });
    expect(parse(undefined, 502)).toEqual({ fault: "SomaBrain answered 502: null" });
    expect(parse({ detail: "x".repeat(1_000) }, 500)).toMatchObject({ fault: expect.stringMatching(/^.{1,230}$/) });
  });
});
