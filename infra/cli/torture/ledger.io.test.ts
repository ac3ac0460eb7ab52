import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { ledgerIn } from "../../../subgraphs/sdk/samples/torture/ledger/ledger.ts";
import { isPaid, readLedger } from "./ledger.ts";

const folder = mkdtempSync(join(tmpdir(), "soma-ledger-"));
const path = join(folder, "ledger.db");
afterEach(() => rmSync(folder, { recursive: true }));

it("readLedger() and isPaid() read what the tools of the project write: payments, and how often each was asked for", () => {
  expect([readLedger(path), isPaid(path, "S-1")]).toEqual([new Map(), false]);
  const ledger = ledgerIn(folder);
  expect([ledger.pay("S-1", "S-1"), ledger.pay("S-1", "S-1"), ledger.ask("S-2")]).toEqual([1, 2, 1]);
  expect([ledger.pay("S-3", null), ledger.pay("S-3", null)]).toEqual([1, 2]);
  expect(readLedger(path)).toEqual(
    new Map([
      ["S-1", { payments: 1, calls: 2 }],
      ["S-2", { payments: 0, calls: 1 }],
      ["S-3", { payments: 2, calls: 2 }],
    ]),
  );
  for (const [order, paid] of [
    ["S-1", true],
    ["S-2", false],
    ["S-4", false],
  ] as const)
    expect([isPaid(path, order), ledger.isPaid(order)]).toEqual([paid, paid]);
});
