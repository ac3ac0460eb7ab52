import { describe, expect, it } from "vitest";
import { wasHeard } from "./was-heard.ts";

const MAX = 2 ** 31 - 1;
const MIN = -(2 ** 31);
const heard = (heardAt: number, now: number, beats = 1): boolean => wasHeard({ beats, heardAt, now }, 350);

describe("wasHeard()", () => {
  it("is true for less than so many milliseconds, also while the clock starts over", () => {
    expect([heard(1_000, 1_000), heard(1_000, 1_349), heard(1_000, 1_350)]).toEqual([true, true, false]);
    expect([heard(MAX - 100, MIN + 200), heard(MAX - 100, MIN + 300)]).toEqual([true, false]);
  });

  it("is false before anything was heard, whatever the clock says", () => {
    for (const now of [MIN, -1, 0, 1, MAX]) expect(heard(0, now, 0)).toBe(false);
  });

  it("is false after a silence of weeks", () => {
    for (const now of [MIN, -1, MAX]) expect(heard(0, now)).toBe(false);
  });
});
