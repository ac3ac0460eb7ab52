import { describe, expect, it } from "vitest";
import { watchCount } from "./standing-count.ts";

describe("watchCount()", () => {
  it("tells since when a count was first seen as it is, and begins anew with each that is another", () => {
    const standsFor = watchCount();
    const looks = [
      [7, 1_000],
      [7, 1_400],
      [7, 9_000],
      [8, 9_250],
      [8, 9_500],
    ] as const;
    expect(looks.map(([count, nowMs]) => standsFor(count, nowMs))).toEqual([0, 400, 8_000, 0, 250]);
  });
});
