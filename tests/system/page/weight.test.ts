import { expect, it } from "vitest";
import { initialScripts } from "./initial-scripts.ts";

/** What a reader waits for before there is anything to read. */
const MAX_BYTES = 150_000;

it("the page is there after 150 KB of scripts at most, compressed with gzip", () => {
  const scripts = initialScripts();
  expect(scripts.length).toBeGreaterThan(0);
  const sum = scripts.reduce((before, { bytes }) => before + bytes, 0);
  expect(sum, JSON.stringify(scripts)).toBeLessThanOrEqual(MAX_BYTES);
});
