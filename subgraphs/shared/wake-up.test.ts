import { describe, expect, it, vi } from "vitest";
import { createWakeUp } from "./wake-up.ts";

describe("createWakeUp()", () => {
  it("wakes those who wait for the invocation and no others", async () => {
    const wakeUp = createWakeUp();
    const other = new AbortController();
    let otherWoken = false;
    const waits = [wakeUp.next("a", 60_000), wakeUp.next("a", 60_000)];
    const stays = wakeUp.next("b", 60_000, other.signal).then(() => (otherWoken = true));
    wakeUp.changed("a");
    await Promise.all(waits);
    expect(otherWoken).toBe(false);
    other.abort();
    await stays;
  });

  it("wakes everybody when anything may have changed", async () => {
    const wakeUp = createWakeUp();
    const waits = [wakeUp.next("a", 60_000), wakeUp.next("b", 60_000)];
    wakeUp.allChanged();
    await Promise.all(waits);
  });

  it("tells who listens to any of each change, until that is over", () => {
    const wakeUp = createWakeUp();
    const listener = vi.fn();
    const off = wakeUp.onAny(listener);
    wakeUp.changed("a");
    wakeUp.allChanged();
    expect(listener).toHaveBeenCalledTimes(2);
    off();
    wakeUp.changed("a");
    expect(listener).toHaveBeenCalledTimes(2);
  });

  it("ends a wait at its limit and with its signal", async () => {
    const wakeUp = createWakeUp();
    await wakeUp.next("a", 1);
    await wakeUp.next("a", 60_000, AbortSignal.abort());
    wakeUp.changed("a");
  });
});
