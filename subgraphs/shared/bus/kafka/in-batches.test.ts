import { describe, expect, it } from "vitest";
import { inBatches } from "./in-batches.ts";

const sized = (bytes: number) => ({ value: "x".repeat(bytes) });
const sizes = (messages: readonly { value: string }[]): number[] =>
  inBatches(messages, (message) => message).map(({ length }) => length);

describe("inBatches()", () => {
  it("keeps the order, and gives as many at a time as brokers take", () => {
    expect(sizes([])).toEqual([]);
    expect(sizes(Array.from({ length: 5 }, () => sized(400_000)))).toEqual([2, 2, 1]);
    const numbers = Array.from({ length: 30_000 }, (_number, at) => at);
    const batches = inBatches(numbers, (at) => ({ value: String(at) }));
    expect(batches.flat()).toEqual(numbers);
    expect(batches.length).toBeGreaterThan(1);
  });

  it("leaves one alone that fits nowhere", () => {
    expect(sizes([sized(10), sized(2_000_000), sized(10)])).toEqual([1, 1, 1]);
  });

  it("counts keys and headers by their bytes, each value of a header of its own", () => {
    const text = "ä".repeat(150_000);
    const message = { key: text, value: null, headers: { one: text, more: ["a", text], none: undefined } };
    expect(inBatches([message, message], (one) => one)).toEqual([[message], [message]]);
    const small = { value: "a", headers: { text: Buffer.from("abc") } };
    expect(inBatches([small, small], (one) => one)).toEqual([[small, small]]);
  });
});
