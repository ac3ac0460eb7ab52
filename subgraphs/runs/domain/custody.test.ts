import { ERASED_PAYLOAD } from "@soma/schemas/erased-payload";
import { describe, expect, it } from "vitest";
import { aHistory } from "../testing/events.ts";
import { checkKept, checkNotErased } from "./custody.ts";

describe("checkKept()", () => {
  it("names the run and the first event that is gone", () => {
    const [first, second, third] = aHistory(
      { kind: "RUN_STARTED" },
      { kind: "STEP_STARTED", step: 1 },
      { kind: "RUN_SUCCEEDED" },
    );
    if (first === undefined || second === undefined || third === undefined) throw new Error("three events");
    expect(() => checkKept([first, second, third])).not.toThrow();
    const erased = { ...second, payload: ERASED_PAYLOAD };
    expect(() => checkKept([first, erased, third])).toThrow(`run ${second.runId} was erased from its event 2 on`);
  });
});

describe("checkNotErased()", () => {
  it("takes runs that have what they said, and names one that was ordered to be erased", () => {
    const kept = { runId: "a", erasedAt: null };
    expect(() => checkNotErased([kept])).not.toThrow();
    expect(() => checkNotErased([kept, { runId: "b", erasedAt: new Date("2026-01-01T00:00:00Z") }])).toThrow(
      "run b was erased at 2026-01-01T00:00:00.000Z, and nothing can go on from it any more",
    );
  });
});
