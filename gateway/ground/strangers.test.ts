import { describe, expect, it } from "vitest";
import { createStrangers } from "./strangers.ts";

const MOST = { overall: 5, perNetwork: 3 };
const some = (network: string, count: number) => Array.from({ length: count }, (_, index) => ({ network, index }));

describe("createStrangers()", () => {
  it("sends away the oldest of a network that has too many, and none of another", () => {
    const strangers = createStrangers<{ network: string; index: number }>(MOST);
    const leaving = [...some("b", 1), ...some("a", 5)].map((each) => strangers.add(each));
    expect(leaving.filter((each) => each !== undefined)).toEqual([
      { network: "a", index: 0 },
      { network: "a", index: 1 },
    ]);
    expect(strangers.size()).toBe(4);
  });

  it("sends away one of the network that has most when all together are too many", () => {
    const strangers = createStrangers<{ network: string; index: number }>(MOST);
    for (const each of [...some("a", 2), ...some("b", 3)]) expect(strangers.add(each)).toBeUndefined();
    expect(strangers.add({ network: "c", index: 0 })).toEqual({ network: "b", index: 0 });
  });

  it("forgets those who introduced themselves or left, once", () => {
    const strangers = createStrangers<{ network: string; index: number }>(MOST);
    const [first, ...others] = some("a", 3);
    if (first === undefined) throw new Error("there is no first");
    for (const each of [first, ...others]) strangers.add(each);
    strangers.delete(first);
    strangers.delete(first);
    expect(strangers.size()).toBe(2);
    expect(strangers.add({ network: "a", index: 3 })).toBeUndefined();
    for (const each of [...others, { network: "a", index: 9 }]) strangers.delete(each);
    expect(strangers.size()).toBe(1);
  });
});
