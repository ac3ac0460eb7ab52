import { describe, expect, it } from "vitest";
import { createSlowLanes } from "./slow-lanes.ts";

describe("createSlowLanes()", () => {
  it("tries a lane again at once, then later each time, and holds as many as it may", () => {
    let now = 0;
    const lanes = createSlowLanes<number>(2, () => now);
    const due = (): string[] => lanes.due().map(({ lane }) => lane);
    expect([lanes.hold("a", 1), lanes.hold("b", 2), lanes.hold("c", 3)]).toEqual([true, true, false]);
    expect(due()).toEqual(["a", "b"]);
    expect(lanes.hold("a", 1)).toBe(true);
    expect(due()).toEqual(["b"]);
    now = 5_000;
    expect(due()).toEqual(["a", "b"]);
    lanes.free("b");
    expect([lanes.has("a"), lanes.has("b"), lanes.hold("c", 3)]).toEqual([true, false, true]);
  });
});
