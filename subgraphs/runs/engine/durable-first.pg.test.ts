import { graph } from "@soma/sdk/graph";
import { transaction } from "@soma/shared/postgres/transaction";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";

let began = 0;
const payer = graph("payer", 1, {})
  .node("pay", {
    type: "payment",
    run() {
      began += 1;
      return { summary: "paid" };
    },
  })
  .build(() => "paid");

let harness: EngineHarness;
beforeAll(async () => {
  harness = await createEngineHarness([payer]);
});
afterAll(() => harness.close());

it("a step with an effect does not begin before the row that says so is durable", async () => {
  const { owner } = harness.database;
  const { runId } = await harness.start({ graph: "payer" });
  await transaction(owner, {}, async (tx) => {
    // Rows of a journal wait for this, whoever writes them.
    await tx`lock table journal in share row exclusive mode`;
    await harness.startWorker();
    const standing = () => owner`select from pg_locks where relation = 'journal'::regclass and not granted`;
    await until("a row waits", async () => (await standing()).length > 0, 4_000);
    expect(began).toBe(0);
  });
  await harness.finished(runId);
  const kinds = (await harness.history(runId)).map(({ kind }) => kind);
  expect(kinds).toEqual(["RUN_STARTED", "STEP_STARTED", "STEP_SUCCEEDED", "RUN_SUCCEEDED"]);
  expect(began).toBe(1);
});
