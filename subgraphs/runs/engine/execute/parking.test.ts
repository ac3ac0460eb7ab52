import { describe, expect, it } from "vitest";
import { lookFor, toWaiting, waitMs } from "./parking.ts";
import type { RunContext } from "./run-context.ts";

const NOW = new Date("2026-01-01T12:00:00Z");
const at = (ms: number): Date => new Date(NOW.getTime() + ms);
const context = { now: () => NOW, deadline: () => at(60_000) } as RunContext;
const inbox = { look: async () => ({ seen: 3, signal: undefined }), take: () => {}, expire: async () => EXPIRED };
const EXPIRED = { no: 4, name: "approval:1.0", payload: { approved: null }, sentBy: "engine" };
const waiting = (until: Date | null, signal: string | null = null) => ({ until, signal, summary: "" });
const look = (what: ReturnType<typeof waiting>, more: { hasWaited?: boolean; parksAgain?: boolean } = {}) =>
  lookFor(what, { context, inbox, hasWaited: false, parksAgain: false, ...more });

describe("toWaiting()", () => {
  it("refuses what could never come, and says why", () => {
    const refused = (parked: object): void => {
      toWaiting({ summary: "", parkedForSignal: "paid", ...parked });
    };
    expect(() => refused({ parkedForSignal: undefined })).toThrow("says until when or for which signal");
    expect(() => refused({ parkedForSignal: "No Name" })).toThrow('the signal name "No Name" is not');
    expect(() => refused({ parkedUntil: new Date(Number.NaN) })).toThrow("an invalid date");
    expect(toWaiting({ summary: "s", parkedUntil: NOW })).toEqual({ until: NOW, signal: null, summary: "s" });
  });
});

describe("lookFor()", () => {
  it("waits for the time by its own clock, whoever woke it, and tells how many signals it looked at", async () => {
    expect(await look(waiting(at(10_000)), { hasWaited: true })).toEqual({ wait: { ms: 10_000, signal: null } });
    expect(await look(waiting(NOW), { hasWaited: true })).toEqual({ woken: null });
    expect(await look(waiting(NOW, "approval:1.0"), { hasWaited: true })).toEqual({ woken: EXPIRED });
    expect(await look(waiting(null, "paid"))).toEqual({ wait: { ms: 60_000, signal: { name: "paid", seen: 3 } } });
  });

  it("lets a step that parks again and again for a time that has passed wait a second each time", async () => {
    expect(await look(waiting(at(-10_000)))).toEqual({ wait: { ms: 0, signal: null } });
    expect(await look(waiting(at(-10_000)), { parksAgain: true })).toEqual({ wait: { ms: 1_000, signal: null } });
    expect(waitMs(context, at(3_600_000))).toBe(60_000);
  });
});
