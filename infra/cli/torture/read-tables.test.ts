import { RunDetailDocument, StartRunDocument } from "@soma/graphql/operations";
import { describe, expect, it } from "vitest";
import type { TorturedProduct } from "./product.ts";
import { readTables, withTables } from "./read-tables.ts";

/** A product whose table has these orders, a page each; a run is seen under way before it ends like this. */
function aProduct(pages: readonly string[], status = "SUCCEEDED"): TorturedProduct {
  const seen = new Set<string>();
  const request = async (document: unknown, { input, id }: { input?: { input: { after: string } }; id?: string }) => {
    if (document === StartRunDocument) return { startRun: { run: { id: `after ${input?.input.after}` } } };
    if (document !== RunDetailDocument || id === undefined) throw new Error("something else was asked");
    if (!seen.has(id)) return { run: { status: seen.add(id) && "RUNNING" } };
    const order = pages.find((each) => `after ${each}` > id);
    return { run: { status, answer: JSON.stringify(order === undefined ? [] : [{ order, payments: 2 }]) } };
  };
  return { client: { request } } as unknown as TorturedProduct;
}

describe("readTables()", () => {
  it("reads one page after the other, up to an empty one", async () => {
    expect([...(await readTables(aProduct(["S-1", "S-2"])))]).toEqual([
      ["S-1", 2],
      ["S-2", 2],
    ]);
  });

  it("says which run did not read them", async () => {
    await expect(readTables(aProduct([], "FAILED"))).rejects.toThrow(
      "the run after  of torture_payments did not read the tables",
    );
  });
});

describe("withTables()", () => {
  it("adds what is paid there to what the tools wrote down", () => {
    const ledger = new Map([["S-1", { payments: 0, calls: 3 }]]);
    const tables = new Map([
      ["S-1", 1],
      ["S-2", 2],
    ]);
    expect([...withTables(ledger, tables)]).toEqual([
      ["S-1", { payments: 1, calls: 3 }],
      ["S-2", { payments: 2, calls: 0 }],
    ]);
  });
});
