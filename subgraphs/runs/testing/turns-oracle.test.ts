import { describe, expect, it } from "vitest";
import { faultsOfTurns, type Share, type Turn } from "./turns-oracle.ts";

const queued = (tenant: string, count: number): Turn[] =>
  Array.from({ length: count }, () => ({ tenant, what: "queued" }));
const claimed = (order: string): Turn[] => [...order].map((tenant) => ({ tenant, what: "claimed" }));
const both = [...queued("a", 20), ...queued("b", 20)];
const faults = (turns: readonly Turn[], shares: Record<string, Share> = {}): string[] =>
  faultsOfTurns(turns, (tenant) => shares[tenant] ?? { weight: 1 });

describe("faultsOfTurns()", () => {
  it("finds nothing where tenants have turns by their weights", () => {
    expect(faults([...both, ...claimed("abababab")])).toEqual([]);
    expect(faults([...both, ...claimed("aaabaaab")], { a: { weight: 3 } })).toEqual([]);
    expect(faults([...queued("a", 9), ...claimed("aaaaaa"), ...queued("b", 3), ...claimed("babab")])).toEqual([]);
  });

  it("finds who had turns of another one, by the weights of both", () => {
    expect(faults([...both, ...claimed("ababaaa")])).toEqual(["a had more turns than its share while b waited"]);
    expect(faults([...both, ...claimed("abababab")], { a: { weight: 4 } })).toEqual([
      "b had more turns than its share while a waited",
    ]);
    const saved = [...queued("a", 9), ...claimed("aaaaaa"), ...queued("b", 9), ...claimed("bbbb")];
    expect(faults(saved)).toEqual(["b had more turns than its share while a waited"]);
  });

  it("finds more under way than a cap allows, and who is capped is waited for by nobody", () => {
    const shares = { a: { weight: 1, maxRunning: 2 } };
    expect(faults([...both, ...claimed("abaa")], shares)).toEqual(["a had 3 under way, and may have 2"]);
    expect(faults([...both, ...claimed("ababbbbb")], shares)).toEqual([]);
    const goesOn: Turn[] = [...both, ...claimed("ababbbb"), { tenant: "a", what: "left" }, ...claimed("ab")];
    expect(faults(goesOn, shares)).toEqual([]);
  });

  it("finds a turn of who had nothing that waited", () => {
    expect(faults([...queued("a", 1), ...claimed("aa")])).toEqual(["a had a turn, and nothing waited"]);
  });
});
