import { expect, test } from "vitest";
import { healthOf } from "./health.ts";

const WELL = {
  status: "OK" as const,
  components: [{ name: "POSTGRES" as const, status: "OK" as const, detail: null }],
};
const FACTS = { online: true, failed: false, health: WELL, answeredAgoMs: 0 };
const ill = (status: "DEGRADED" | "DOWN") => ({
  status,
  components: [{ name: "POSTGRES" as const, status, detail: null }],
});

test.each([
  [{}, "NORMAL", "● Normal"],
  [{ health: ill("DEGRADED") }, "DEGRADED", "▲ Degraded: postgres"],
  [{ health: ill("DOWN") }, "DOWN", "■ Down: postgres"],
  [{ health: { status: "DOWN" as const, components: [] } }, "DOWN", "■ Down"],
  [{ health: undefined }, "LOADING", "○ Asking…"],
  [{ answeredAgoMs: 41_900 }, "STALE", "○ As of 41 s ago"],
  [{ failed: true, answeredAgoMs: 41_900 }, "RECONNECTING", "○ Reconnecting…"],
  [{ online: false, failed: true }, "OFFLINE", "○ Offline"],
])("healthOf() with %j is %s, %j", (changes, state, text) => {
  expect(healthOf({ ...FACTS, ...changes })).toEqual({ state, text });
});
