import { describe, expect, it } from "vitest";
import { findPlaces } from "./places.ts";

const shares = { "*": { weight: 2, maxRunning: 50 }, acme: { weight: 8 } };
const runs = (tenant: string, count: number): string[] => Array.from({ length: count }, () => tenant);

describe("findPlaces()", () => {
  it("gives all but the last sixteenth to anyone, under the shares of the installation", () => {
    expect(findPlaces({ slots: 64, running: [], shares })).toEqual({ slots: 60, shares });
    expect(findPlaces({ slots: 64, running: runs("acme", 59), shares })).toEqual({ slots: 1, shares });
  });

  it("keeps the last sixteenth for tenants of which nothing runs here, whose shares stay as they are", () => {
    const running = [...runs("acme", 59), "globex"];
    expect(findPlaces({ slots: 64, running, shares })).toEqual({
      slots: 4,
      shares: { ...shares, acme: { weight: 8, maxRunning: 0 }, globex: { weight: 2, maxRunning: 0 } },
    });
  });

  it("caps a tenant of which something runs also where the installation names no shares", () => {
    expect(findPlaces({ slots: 16, running: runs("acme", 15), shares: {} })).toEqual({
      slots: 1,
      shares: { acme: { weight: 1, maxRunning: 0 } },
    });
  });

  it("keeps no place of a worker that has fewer than sixteen", () => {
    expect(findPlaces({ slots: 15, running: runs("acme", 14), shares })).toEqual({ slots: 1, shares });
  });

  it("has nothing to give when every place is taken", () => {
    expect(findPlaces({ slots: 2, running: runs("acme", 2), shares })).toBeUndefined();
    expect(findPlaces({ slots: 0, running: [], shares })).toBeUndefined();
  });
});
