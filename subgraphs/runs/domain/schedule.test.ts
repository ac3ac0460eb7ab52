import { describe, expect, it } from "vitest";
import { findNextTick, firstTick } from "./schedule.ts";

/** The ticks after an instant, so many. */
function ticks(cron: string, timeZone: string, from: string, count: number): string[] {
  const found: string[] = [];
  let at: Date | undefined = new Date(from);
  for (let i = 0; i < count && at !== undefined; i += 1) {
    at = findNextTick({ cron, timeZone }, at);
    if (at !== undefined) found.push(at.toISOString().replace(":00.000Z", "Z"));
  }
  return found;
}

describe("findNextTick()", () => {
  it("is the first one after an instant, in the time zone of the schedule", () => {
    expect(ticks("30 9 * * 1-5", "UTC", "2026-11-27T09:30:00Z", 2)).toEqual(["2026-11-30T09:30Z", "2026-12-01T09:30Z"]);
    expect(ticks("0 9 * * *", "America/New_York", "2026-07-01T00:00:00Z", 1)).toEqual(["2026-07-01T13:00Z"]);
  });

  it("keeps the hour of the day when clocks change", () => {
    expect(ticks("0 9 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", 3)).toEqual([
      "2026-03-28T08:00Z",
      "2026-03-29T07:00Z",
      "2026-03-30T07:00Z",
    ]);
  });

  it("has one tick, when the gap ends, on the day on which its time is left out in spring", () => {
    expect(ticks("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", 3)).toEqual([
      "2026-03-28T01:30Z",
      "2026-03-29T01:00Z",
      "2026-03-30T00:30Z",
    ]);
  });

  it("has one tick on the day on which its time comes twice in autumn", () => {
    expect(ticks("30 2 * * *", "Europe/Berlin", "2026-10-24T00:00:00Z", 3)).toEqual([
      "2026-10-24T00:30Z",
      "2026-10-25T00:30Z",
      "2026-10-26T01:30Z",
    ]);
  });
});

describe("firstTick()", () => {
  const now = new Date("2026-11-26T00:00:00Z");
  it("takes minutes and longer", () => {
    expect(() => firstTick({ cron: "* * * * *", timeZone: "UTC" }, now)).not.toThrow();
    expect(() => firstTick({ cron: "0 0 29 2 *", timeZone: "Asia/Tokyo" }, now)).not.toThrow();
  });

  it.each([
    ["* * * * * *", "UTC", "is not minute, hour, day, month and weekday"],
    ["@daily", "UTC", "is not minute, hour"],
    ["61 * * * *", "UTC", "is no cron expression"],
    ["0 9 * * *", "Mars/Olympus", "is no time zone"],
    ["0 0 30 2 *", "UTC", "has no time that is still to come"],
  ])("refuses %s in %s", (cron, timeZone, why) => {
    expect(() => firstTick({ cron, timeZone }, now)).toThrow(why);
  });
});
