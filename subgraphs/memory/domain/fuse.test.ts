import { describe, expect, it } from "vitest";
import { fuse, type Ranking } from "./fuse.ts";

const ranking = (why: string, ...ids: string[]): Ranking<string> => ids.map((id) => ({ id, of: id, why }));

describe("fuse()", () => {
  it("puts first what stands high in more of the rankings, and says why of each", () => {
    const fused = fuse([ranking("words", "a", "b", "c"), ranking("meaning", "b", "d")], 10);
    expect(fused.map(({ of, why }) => [of, why])).toEqual([
      ["b", "words; meaning"],
      ["a", "words"],
      ["d", "meaning"],
      ["c", "words"],
    ]);
  });

  it("scores from 0 to 1, where 1 is the first in all", () => {
    const fused = fuse([ranking("words", "a", "b"), ranking("meaning", "a")], 10);
    expect(fused[0]?.score).toBe(1);
    expect(fused[1]?.score).toBeGreaterThan(0);
    expect(fused[1]?.score).toBeLessThan(0.5);
  });

  it("keeps the order of one ranking where the other says nothing, up to the limit", () => {
    expect(fuse([ranking("words", "a", "b", "c"), []], 2).map(({ of }) => of)).toEqual(["a", "b"]);
    expect(fuse([[], []], 2)).toEqual([]);
  });
});
