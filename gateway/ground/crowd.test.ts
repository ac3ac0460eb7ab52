import { describe, expect, it } from "vitest";
import { createCrowd } from "./crowd.ts";

interface Someone {
  network: string;
  index: number;
}

const some = (network: string, count: number): Someone[] =>
  Array.from({ length: count }, (_, index) => ({ network, index }));

function create() {
  const clock = { ms: 0 };
  const crowd = createCrowd<Someone>({ overall: 5, perNetwork: 3 }, () => clock.ms);
  /** Those that had to leave. */
  const add = (all: Someone[]) => all.flatMap((each) => crowd.add(each));
  return { crowd, clock, add };
}

describe("createCrowd()", () => {
  it("sends away the oldest of a network that has too many, and none of another", () => {
    const { crowd, clock, add } = create();
    add([...some("b", 1), ...some("a", 3)]);
    clock.ms = 1_000;
    expect(add([3, 4].map((index) => ({ network: "a", index })))).toEqual(some("a", 2));
    expect(crowd.size()).toBe(4);
  });

  it("sends away one of the network that has most when all together are too many", () => {
    const { clock, add } = create();
    expect(add([...some("a", 2), ...some("b", 3)])).toEqual([]);
    clock.ms = 1_000;
    expect(add(some("c", 1))).toEqual([{ network: "b", index: 0 }]);
  });

  it("sends away nobody who had no time yet, unless there are far too many", () => {
    const { crowd, clock, add } = create();
    clock.ms = 999;
    expect(add(some("a", 12))).toEqual([]);
    expect(add([{ network: "a", index: 12 }])).toEqual([{ network: "a", index: 0 }]);
    expect(crowd.size()).toBe(12);
    expect(add([...some("b", 3), ...some("c", 3), ...some("d", 2)])).toEqual([]);
    expect(add(some("e", 1))).toEqual([{ network: "a", index: 1 }]);
  });

  it("is as many as may be again with the first who comes after a burst", () => {
    const { crowd, clock, add } = create();
    expect(add(some("a", 12))).toEqual([]);
    clock.ms = 1_000;
    expect(add([{ network: "a", index: 12 }])).toEqual(some("a", 10));
    expect(crowd.size()).toBe(3);
  });

  it("takes from each of many networks alike when a burst came from all of them", () => {
    const { crowd, clock, add } = create();
    for (const network of "abcdefghij") expect(add(some(network, 2))).toEqual([]);
    clock.ms = 1_000;
    const left = add(some("k", 1));
    expect(crowd.size()).toBe(5);
    expect(left.slice(0, 10)).toEqual([..."abcdefghij"].map((network) => ({ network, index: 0 })));
    expect(left.slice(10).map(({ index }) => index)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it("counts those who come again once, as the newest", () => {
    const { crowd, clock, add } = create();
    const all = some("a", 3);
    add([...all, ...all.slice(0, 1), ...all.slice(0, 1)]);
    expect(crowd.size()).toBe(3);
    clock.ms = 1_000;
    expect(add([{ network: "a", index: 3 }])).toEqual([{ network: "a", index: 1 }]);
    for (const each of [...all, { network: "b", index: 0 }]) crowd.delete(each);
    expect(crowd.size()).toBe(1);
  });

  it("forgets those who introduced themselves or left, once", () => {
    const { crowd, clock, add } = create();
    const [first, ...others] = some("a", 3);
    if (first === undefined) throw new Error("there is no first");
    add([first, ...others]);
    crowd.delete(first);
    crowd.delete(first);
    expect(crowd.size()).toBe(2);
    clock.ms = 1_000;
    expect(add([{ network: "a", index: 3 }])).toEqual([]);
    for (const each of [...others, { network: "a", index: 9 }]) crowd.delete(each);
    expect(crowd.size()).toBe(1);
  });
});
