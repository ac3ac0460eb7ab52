import { describe, expect, it } from "vitest";
import { graph, replaced } from "./graph.ts";

const node = { type: "work", run: () => ({ summary: "" }) };
const bill = (version: number) => graph("bill", version, { total: replaced(0) }).node("pay", node);
const old = bill(1).build(() => "");

describe("graph() that takes runs over", () => {
  it("keeps from which ones, as they stand or by a migration, and has the structure it has without", () => {
    const migrate = ({ state, node: at }: { state: { readonly total: number }; node: string }) => ({ state, node: at });
    const compatible = bill(2)
      .compatibleWith(old.pin)
      .build(() => "");
    const migrating = bill(2)
      .migrateFrom(old, migrate)
      .build(() => "");
    expect([...compatible.takeOvers]).toEqual([[old.pin, {}]]);
    expect([...migrating.takeOvers]).toEqual([[old.pin, { old, migrate }]]);
    expect(new Set([bill(2).build(() => "").pin, compatible.pin, migrating.pin]).size).toBe(1);
  });

  it("refuses what is no pin of its name, and one that is named twice", () => {
    for (const pin of ["bill", "bill@1", "invoice@1#0123456789abcdef", "bill@0#0123456789abcdef"])
      expect(() => bill(2).compatibleWith(pin)).toThrow(`cannot take runs over from "${pin}"`);
    expect(() =>
      bill(2)
        .compatibleWith(old.pin)
        .migrateFrom(old, (run) => run),
    ).toThrow(`says twice how it takes runs over from ${old.pin}`);
  });
});
