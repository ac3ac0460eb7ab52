import { expect, test } from "vitest";
import { readUsage } from "./read-usage.ts";

test("readUsage() gives what a server counted, and nothing of what cannot be true", () => {
  expect(readUsage(3, 4)).toEqual({ inputTokens: 3, outputTokens: 4 });
  expect(readUsage(3, undefined)).toEqual({ inputTokens: 3, outputTokens: 0 });
  expect(readUsage(3, 4, 2)).toEqual({ inputTokens: 3, outputTokens: 4, cachedInputTokens: 2 });
  expect(readUsage(3, 4, 5)).toEqual({ inputTokens: 3, outputTokens: 4 });
  for (const [input, output] of [
    [-1, 4],
    [1.5, 4],
    [3, "many"],
    [1e300, 4],
    [undefined, 4],
    [3, -4],
  ])
    expect(readUsage(input, output)).toBeNull();
});
