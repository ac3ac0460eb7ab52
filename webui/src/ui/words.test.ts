import { expect, test } from "vitest";
import { toBytes, toClock, toCount, toDuration, toElapsed, toLatency, toLine, toWhen } from "./words.ts";

test.each([
  [-5, "0.0 s"],
  [210, "0.2 s"],
  [9_940, "9.9 s"],
  [14_900, "14 s"],
  [61_000, "1 m"],
  [7_300_000, "2 h"],
])("toDuration() of %i ms is %j", (ms, expected) => {
  expect(toDuration(ms)).toBe(expected);
});

test.each([
  [-3_000, "0:00"],
  [7_999, "0:07"],
  [754_000, "12:34"],
  [3_723_000, "1:02:03"],
])("toElapsed() of %i ms is %j", (ms, expected) => {
  expect(toElapsed(ms)).toBe(expected);
});

test.each([
  [512, "512 B"],
  [65_536, "64.0 KB"],
  [3_250_586, "3.1 MB"],
])("toBytes() of %i is %j", (bytes, expected) => {
  expect(toBytes(bytes)).toBe(expected);
});

test.each([
  [0.4, "0 ms"],
  [34, "34 ms"],
  [1_240, "1.2 s"],
])("toLatency() of %d ms is %j", (ms, expected) => {
  expect(toLatency(ms)).toBe(expected);
});

test.each([
  ["2026-11-24T10:41:40Z", "UTC", "10:41:40"],
  ["2026-11-23T23:30:00Z", "UTC", "23 Nov 2026"],
  ["2026-11-23T23:30:00Z", "Europe/Paris", "00:30:00"],
  ["never", "UTC", "never"],
])("toWhen() of %j on 24 November in %s is %j", (at, zone, expected) => {
  expect(toWhen(at, Date.parse("2026-11-24T12:00:00Z"), zone)).toBe(expected);
});

test("toCount() groups digits", () => {
  expect(toCount(1_284_000)).toBe("1,284,000");
});

test.each([
  ["2026-11-24T10:41:40.123Z", "UTC", "10:41:40"],
  ["2026-11-24T23:59:59Z", "Asia/Tokyo", "08:59:59"],
  ["2026-11-24T00:00:00Z", "UTC", "00:00:00"],
  ["not a time", "UTC", "not a time"],
])("toClock() of %j in %s is %j", (at, zone, expected) => {
  expect(toClock(at, zone)).toBe(expected);
});

test.each([
  ["  two\n lines ", 20, "two lines"],
  ["abcdef", 6, "abcdef"],
  ["abcdefg", 6, "abcde…"],
  ["😀😀😀", 2, "😀…"],
])("toLine() of %j in %i characters is %j", (text, limit, expected) => {
  expect(toLine(text, limit)).toBe(expected);
});
