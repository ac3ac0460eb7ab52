import { CHAIN_START } from "@soma/schemas/run-chain";
import { expect, it } from "vitest";
import type { ClaimedRun } from "../../store/claim-runs.ts";
import { createJournal } from "./journal.ts";

const never = Promise.withResolvers<never>().promise;
const MEGABYTE = 1_048_576;

it("a journal is full when four megabytes are on their way, also of values that are kept apart from their rows", () => {
  const journal = createJournal({
    run: { runId: "01890000-0000-7000-8000-000000000001", tenant: "acme", epoch: 1 } as ClaimedRun,
    head: { seq: 1, hash: CHAIN_START },
    batcher: { append: () => never, together: () => never },
    now: () => new Date(0),
    onCommitted: () => {},
    onFenced: () => {},
  });
  const step = { number: 1, node: "wait", nodeType: "wait", attempt: 1 };
  const write = (no: number): void => {
    const signal = { no, name: "told", payload: `${no}`.repeat(MEGABYTE), sentBy: "user:ada" };
    journal.write({ kind: "STEP_WOKEN", step, payload: { signal } });
  };
  for (const no of [1, 2, 3]) write(no);
  expect(journal.isFull()).toBe(false);
  write(4);
  expect(journal.isFull()).toBe(true);
});
