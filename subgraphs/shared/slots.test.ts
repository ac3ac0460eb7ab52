import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createKeyedSlots, createSlots } from "./slots.ts";

describe("createSlots()", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("runs so many at once and the others in turn, also when one fails", async () => {
    const slots = createSlots(2);
    const ends: (() => void)[] = [];
    let most = 0;
    let now = 0;
    const works = Array.from({ length: 6 }, (_, i) =>
      slots
        .use(async () => {
          now += 1;
          most = Math.max(most, now);
          await new Promise<void>((resolve) => ends.push(resolve));
          now -= 1;
          if (i === 1) throw new Error("one fails");
          return i;
        })
        .catch(() => -1),
    );
    for (let i = 0; i < 6; i += 1) {
      await vi.advanceTimersByTimeAsync(0);
      ends.shift()?.();
    }
    expect(await Promise.all(works)).toEqual([0, -1, 2, 3, 4, 5]);
    expect(most).toBe(2);
  });

  it("refuses who waited too long, and keeps its count", async () => {
    const slots = createSlots(1, 100);
    let end = (): void => {};
    const first = slots.use(() => new Promise<void>((resolve) => (end = resolve)));
    const late = slots.use(async () => "late").catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(101);
    expect(await late).toMatchObject({ code: "LIMIT_EXCEEDED" });
    end();
    await first;
    expect(await slots.use(async () => "next")).toBe("next");
  });
});

describe("createKeyedSlots()", () => {
  it("keeps one key from the places of another, and counts again when all have left", async () => {
    const slots = createKeyedSlots(2);
    const ends: (() => void)[] = [];
    const begun: string[] = [];
    const hold = (key: string) =>
      slots.use(key, () => {
        begun.push(key);
        return new Promise<void>((resolve) => ends.push(resolve));
      });
    const all = [hold("a"), hold("a"), hold("a"), hold("b")];
    await vi.waitFor(() => expect(begun).toEqual(["a", "a", "b"]));
    ends.shift()?.();
    await vi.waitFor(() => expect(begun).toEqual(["a", "a", "b", "a"]));
    for (const end of ends) end();
    await Promise.all(all);
    expect(await slots.use("a", async () => "again")).toBe("again");
  });
});
