import { describe, expect, it } from "vitest";
import { createStrangers } from "./strangers.ts";

interface Someone {
  network: string;
  index: number;
}

const some = (network: string, count: number): Someone[] =>
  Array.from({ length: count }, (_, index) => ({ network, index }));

function create() {
  const clock = { ms: 0 };
  const strangers = createStrangers<Someone>({ overall: 5, perNetwork: 3 }, () => clock.ms);
  /** Those that had to leave. */
  const add = (all: Someone[]) => all.map((each) => strangers.add(each)).filter((each) => each !== undefined);
  return { strangers, clock, add };
}

describe("createStrangers()", () => {
  it("sends away the oldest of a network that has too many, and none of another", () => {
    const { strangers, clock, add } = create();
    add([...some("b", 1), ...some("a", 3)]);
    clock.ms = 1_000;
    expect(add([3, 4].map((index) => ({ network: "a", index })))).toEqual(some("a", 2));
    expect(strangers.size()).toBe(4);
  });

  it("sends away one of the network that has most when all together are too many", () => {
    const { clock, add } = create();
    expect(add([...some("a", 2), ...some("b", 3)])).toEqual([]);
    clock.ms = 1_000;
    expect(add(some("c", 1))).toEqual([{ network: "b", index: 0 }]);
  });

  it("sends away nobody who had no time yet, unless there are far too many", () => {
    const { strangers, clock, add } = create();
    clock.ms = 999;
    expect(add(some("a", 12))).toEqual([]);
    expect(add([{ network: "a", index: 12 }])).toEqual([{ network: "a", index: 0 }]);
    expect(strangers.size()).toBe(12);
    expect(add([...some("b", 3), ...some("c", 3), ...some("d", 2)])).toEqual([]);
    expect(add(some("e", 1))).toEqual([{ network: "a", index: 1 }]);
  });

  it("counts those who come again once, as the newest", () => {
    const { strangers, clock, add } = create();
    const all = some("a", 3);
    add([...all, ...all.slice(0, 1), ...all.slice(0, 1)]);
    expect(strangers.size()).toBe(3);
    clock.ms = 1_000;
    expect(add([{ network: "a", index: 3 }])).toEqual([{ network: "a", index: 1 }]);
    for (const each of [...all, { network: "b", index: 0 }]) strangers.delete(each);
    expect(strangers.size()).toBe(1);
  });

  it("forgets those who introduced themselves or left, once", () => {
    const { strangers, clock, add } = create();
    const [first, ...others] = some("a", 3);
    if (first === undefined) throw new Error("there is no first");
    add([first, ...others]);
    strangers.delete(first);
    strangers.delete(first);
    expect(strangers.size()).toBe(2);
    clock.ms = 1_000;
    expect(add([{ network: "a", index: 3 }])).toEqual([]);
    for (const each of [...others, { network: "a", index: 9 }]) strangers.delete(each);
    expect(strangers.size()).toBe(1);
  });
});
