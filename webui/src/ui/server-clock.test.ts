import { afterEach, expect, test } from "vitest";
import { hearServerTime, toServerTime } from "./server-clock.ts";

const NOW = Date.UTC(2026, 10, 24, 10, 41, 0);
const at = (ms: number): string => new Date(NOW + ms).toISOString();

afterEach(() => hearServerTime(at(0), NOW));

test.each([
  ["behind the server's by an hour", 3_600_000],
  ["ahead of it by a minute", -60_000],
])("toServerTime() is the server's where the reader's clock is %s", (_name, ms) => {
  hearServerTime(at(ms), NOW);
  expect(toServerTime(NOW + 5)).toBe(NOW + 5 + ms);
});

test("toServerTime() is the reader's while the two are as near as answers can tell, and before anything was heard", () => {
  expect(toServerTime(NOW)).toBe(NOW);
  hearServerTime(at(60_000), NOW);
  hearServerTime(at(61_500), NOW);
  expect(toServerTime(NOW)).toBe(NOW + 60_000);
  hearServerTime(at(-1_500), NOW);
  expect(toServerTime(NOW)).toBe(NOW);
});

test("toServerTime() holds while answers tell now a little less than two seconds and now a little more", () => {
  hearServerTime(at(2_400), NOW);
  for (const ms of [1_600, 2_400, 1_900, 3_900]) hearServerTime(at(ms), NOW);
  expect(toServerTime(NOW)).toBe(NOW + 2_400);
  hearServerTime(at(300), NOW);
  for (const ms of [1_900, -1_900]) hearServerTime(at(ms), NOW);
  expect(toServerTime(NOW)).toBe(NOW);
});

test("hearServerTime() takes a date as HTTP writes it, and leaves what is none", () => {
  hearServerTime("Tue, 24 Nov 2026 11:41:00 GMT", NOW);
  for (const none of [null, "soon"]) hearServerTime(none, NOW);
  expect(toServerTime(NOW)).toBe(NOW + 3_600_000);
});
