import { aToolContext } from "@soma/sdk/testing/tool-context";
import { describe, expect, it } from "vitest";
import clock from "./clock.ts";

function at(time: string, args: object): unknown {
  return clock.run(args, aToolContext({ now: () => new Date(time) }));
}

describe("clock", () => {
  it("gives time, offset and weekday in the zone", () => {
    expect(at("2026-11-24T23:05:09Z", {})).toBe("2026-11-24T23:05:09Z (Tuesday, UTC)");
    expect(at("2026-11-24T23:05:09Z", { timezone: "Europe/Berlin" })).toBe(
      "2026-11-25T00:05:09+01:00 (Wednesday, Europe/Berlin)",
    );
    expect(at("2026-07-01T00:00:00Z", { timezone: "America/New_York" })).toBe(
      "2026-06-30T20:00:00-04:00 (Tuesday, America/New_York)",
    );
    expect(at("2026-07-01T00:00:00Z", { timezone: "Asia/Kolkata" })).toContain("T05:30:00+05:30");
  });

  it("names a zone that is none", () => {
    expect(() => at("2026-07-01T00:00:00Z", { timezone: "Mars/Olympus" })).toThrow('"Mars/Olympus" is not a time zone');
  });
});
