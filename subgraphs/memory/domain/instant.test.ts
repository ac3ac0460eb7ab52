import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseInstant } from "./instant.ts";

describe("parseInstant()", () => {
  it("gives back every instant it was made from", () => {
    fc.assert(
      fc.property(
        fc.date({
          min: new Date("1000-01-01T00:00:00Z"),
          max: new Date("9999-12-31T23:59:59.999Z"),
          noInvalidDate: true,
        }),
        (date) => {
          expect(parseInstant("at", date.toISOString())).toEqual(date);
        },
      ),
    );
  });

  it("takes any zone, and cuts to milliseconds", () => {
    expect(parseInstant("at", "2026-01-02T03:04:05+02:00").toISOString()).toBe("2026-01-02T01:04:05.000Z");
    expect(parseInstant("at", "2026-01-02T03:04:05.678999Z").toISOString()).toBe("2026-01-02T03:04:05.678Z");
    expect(parseInstant("at", "2028-02-29T00:00:00Z").toISOString()).toBe("2028-02-29T00:00:00.000Z");
  });

  it.each([
    "",
    "2026",
    "2026-01-01",
    "2026-01-01T00:00:00",
    "2026-02-30T00:00:00Z",
    "2026-01-01T25:00:00Z",
    "-000001-01-01T00:00:00Z",
    "0099-01-01T00:00:00Z",
    "9999-12-31T23:59:59-01:00",
    "1 Jan 2026",
    5,
    {},
    null,
    undefined,
  ])("refuses %j by the name of its field", (value) => {
    expect(() => parseInstant("at", value)).toThrow(/^at is .* not an RFC 3339 instant/);
  });
});
