import { graph } from "@soma/sdk/graph";
import { newId } from "@soma/shared/ids";
import type { Sql } from "@soma/shared/postgres/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ClaimedRun, claimRuns } from "../../store/claim-runs.ts";
import type { Incarnation } from "../../store/commit-batch.ts";
import { registerWorker } from "../../store/register-worker.ts";
import { releaseRuns } from "../../store/release-runs.ts";
import { createEngineHarness, type EngineHarness } from "../../testing/engine.ts";
import { readEvents } from "./read-events.ts";

const one = graph("one", 1, {})
  .node("only", { type: "tool", run: () => ({ summary: "done" }) })
  .build(() => "done");

/** A pool that nobody may ask. */
const untouched = (() => {
  throw new Error("the history was read");
}) as unknown as Sql;

describe("readEvents()", () => {
  let harness: EngineHarness;
  let owner: Incarnation;
  let worker: Sql;
  beforeAll(async () => {
    harness = await createEngineHarness([one]);
    ({ worker } = harness.database);
    owner = await registerWorker(worker, { workerId: newId(), slots: 8, build: "test", leaseMs: 60_000 });
  });
  afterAll(() => harness.close());

  async function claim(runId: string): Promise<ClaimedRun> {
    const [run] = await claimRuns(worker, { owner, graphs: [one.pin], slots: 1 });
    if (run?.runId !== runId) throw new Error(`claimed ${run?.runId} instead of ${runId}`);
    return run;
  }

  it.each([
    { text: "hello" },
    { text: "🦄 \u0000 \ud800", more: [1e21, 0.1, -0, 1234567890123456800, { ü: null }], "": "", b: { z: 1, a: [] } },
  ])("knows the history of a run that is claimed for the first time as it stands in the journal: %#", async (input) => {
    const { runId } = await harness.start({ graph: "one", input });
    const known = await readEvents(untouched, await claim(runId));
    expect(known).toEqual(await harness.history(runId));
    expect(known).toHaveLength(1);
  });

  it("reads what a later owner finds", async () => {
    const { runId } = await harness.start({ graph: "one" });
    await releaseRuns(worker, { owner, runs: [await claim(runId)] });
    const again = await claim(runId);
    await expect(readEvents(untouched, again)).rejects.toThrow("the history was read");
    expect(await readEvents(worker, again)).toEqual(await harness.history(runId));
  });

  it("reads the history of a run whose row does not say that it tells it, as one made by the release before", async () => {
    const { runId } = await harness.start({ graph: "one" });
    await harness.database.owner`update run set told_by_row = false where run_id = ${runId}`;
    await expect(readEvents(untouched, await claim(runId))).rejects.toThrow("the history was read");
  });
});
