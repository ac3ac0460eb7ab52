import { graph, replaced } from "@soma/sdk/graph";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Incarnation } from "../../store/commit-batch.ts";
import { createEngineHarness, type EngineHarness } from "../../testing/engine.ts";

/** More lives than a run that kills its workers may end. */
const CUTS = 10;

let begun = 0;
let open = false;

const patient = graph("patient", 1, { done: replaced("") })
  .node("waits", {
    type: "tool",
    async run(_state, { signal }) {
      begun += 1;
      await until("the gate is open", () => open || signal.aborted, 60_000);
      signal.throwIfAborted();
      return { summary: "done", patch: { done: "yes" } };
    },
  })
  .build((state) => state.done);

describe("a process that lost its life in the database and lives on", () => {
  let harness: EngineHarness;
  beforeAll(async () => {
    harness = await createEngineHarness([patient]);
  });
  afterAll(() => harness.close());

  const counts = async (runId: string) =>
    (await harness.database.owner`select status, recoveries, fruitless from run where run_id = ${runId}`)[0];

  it(`hands its runs back itself and goes on with them: ${CUTS} cuts during one step blame nobody`, {
    timeout: 120_000,
  }, async () => {
    [begun, open] = [0, false];
    const process = await harness.startProcess();
    const { runId } = await harness.start({ graph: "patient" });
    for (let cut = 1; cut <= CUTS; cut += 1) {
      await until(`the step began ${cut} times`, () => begun === cut, 30_000);
      expect(await process.cut()).toBeGreaterThan(0);
    }
    await until("the step began again", () => begun === CUTS + 1, 30_000);
    open = true;
    await harness.finished(runId);
    expect(await counts(runId)).toEqual({ status: 10, recoveries: 0, fruitless: 0 });
  });

  it("gives back in its next life what it could not when the last one ended", async () => {
    [begun, open] = [0, false];
    const { owner: admin } = harness.database;
    const owed = new Set<Incarnation>();
    const first = await harness.startWorker(1, owed);
    const { runId } = await harness.start({ graph: "patient" });
    await until("the step began", () => begun === 1);
    await admin`revoke execute on function release_runs(int, uuid, uuid[], int[]) from soma_worker`;
    await first.life.check();
    await first.life.close();
    await expect(first.life.check()).rejects.toThrow("its life in the database is over, and a new one has not begun");
    expect([await counts(runId), owed.size]).toEqual([{ status: 1, recoveries: 0, fruitless: 0 }, 1]);
    await admin`grant execute on function release_runs(int, uuid, uuid[], int[]) to soma_worker`;
    open = true;
    await harness.startWorker(1, owed);
    await harness.finished(runId);
    expect([await counts(runId), owed.size]).toEqual([{ status: 10, recoveries: 0, fruitless: 0 }, 0]);
  });
});
