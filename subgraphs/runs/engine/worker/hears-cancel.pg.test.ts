import { graph } from "@soma/sdk/graph";
import { newId } from "@soma/shared/ids";
import { LOCK_CLASS } from "@soma/shared/postgres/liveness";
import { transaction } from "@soma/shared/postgres/transaction";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cancelRun } from "../../commands/cancel-run.ts";
import { registerWorker } from "../../store/register-worker.ts";
import { createEngineHarness, type EngineHarness } from "../../testing/engine.ts";

let began = false;
let heard = false;

const endless = graph("endless", 1, {})
  .node("waits", {
    type: "tool",
    async run(_state, { signal, canceled }) {
      began = true;
      await until("the run is canceled", () => signal.aborted, 60_000);
      heard = canceled();
      signal.throwIfAborted();
      return { summary: "done" };
    },
  })
  .build(() => "done");

describe("a worker that takes over the runs of another", () => {
  let harness: EngineHarness;
  beforeAll(async () => {
    harness = await createEngineHarness([endless]);
  });
  afterAll(() => harness.close());

  /** When the take-over began that waits for the fence of a worker; undefined when none does. */
  async function waitsSince(no: number): Promise<string | undefined> {
    const [row] = await harness.database.owner`
      select a.query_start::text as since from pg_locks l join pg_stat_activity a using (pid)
       where l.locktype = 'advisory' and not l.granted and l.classid = ${LOCK_CLASS.FENCE} and l.objid = ${no}`;
    return row?.since;
  }

  it("hears a cancel request while a take-over waits for its lock", { timeout: 60_000 }, async () => {
    const { worker, owner, request } = harness.database;
    await harness.startWorker();
    const { runId } = await harness.start({ graph: "endless" });
    await until("the step began", () => began);
    const dead = { workerId: newId(), slots: 1, build: "test", leaseMs: 60_000 };
    await transaction(owner, {}, async (tx) => {
      const { no } = await registerWorker(worker, dead);
      await tx`select pg_advisory_xact_lock(${LOCK_CLASS.FENCE}::int, ${no}::int)`;
      const since = await until("a take-over waits", () => waitsSince(no));
      await cancelRun(request, aPrincipal(), { runId, idempotencyKey: "k" });
      // The test's own transaction must not be idle for long.
      await until("the step hears", async () => (await tx`select 1`).length === 1 && heard, 30_000);
      expect(await waitsSince(no)).toBe(since);
    });
    await harness.finished(runId);
  });
});
