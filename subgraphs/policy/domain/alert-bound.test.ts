import { describe, expect, it } from "vitest";
import { createAlertBound } from "./alert-bound.ts";

describe("createAlertBound()", () => {
  it("admits 300 at once, then ten in a second, and never saves up more", () => {
    const bound = createAlertBound();
    const admitted = (at: number): number =>
      Array.from({ length: 1_000 }, () => bound.admits(at)).filter(Boolean).length;
    expect([admitted(0), admitted(0), admitted(1_000), admitted(1_050), admitted(3_600_000)]).toEqual([
      300, 0, 10, 0, 300,
    ]);
  });

  it("gives nothing for a clock that goes back", () => {
    const bound = createAlertBound();
    while (bound.admits(10_000)) {}
    expect([bound.admits(0), bound.admits(100), bound.admits(200)]).toEqual([false, true, true]);
  });
});
