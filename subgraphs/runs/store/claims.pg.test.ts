import { newId } from "@soma/shared/ids";
import { transaction } from "@soma/shared/postgres/transaction";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { readsOf } from "@soma/shared/testing/reads-of";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RUN_STATUS } from "../domain/run-status.ts";
import { runsMigrations } from "../migrate.ts";
import { claimRuns } from "./claim-runs.ts";
import type { Incarnation } from "./commit-batch.ts";
import { registerWorker } from "./register-worker.ts";

const PIN = "g@1#h";

describe("claimRuns() beside runs that wait", () => {
  let database: TestDatabase;
  let owner: Incarnation;

  beforeAll(async () => {
    database = await createTestDatabase("runs", await runsMigrations());
    await database.owner`insert into session values ('acme', gen_random_uuid(), 'user:ada')`;
    await fill(RUN_STATUS.PARKED.code, 20_000, "1 hour");
    await fill(RUN_STATUS.PAUSED.code, 2_000, "infinity");
    await database.owner`analyze run`;
    owner = await registerWorker(database.worker, { workerId: newId(), slots: 8, build: "test", leaseMs: 60_000 });
  }, 60_000);
  afterAll(() => database.close());

  /** Runs of a session each, due after so long. */
  async function fill(status: number, count: number, after: string): Promise<void> {
    await database.owner`with s as (
        insert into session select 'acme', gen_random_uuid(), 'user:ada' from generate_series(1, ${count}::int) returning session_id)
      insert into run (run_id, tenant, session_id, graph, graph_version, graph_hash, role, model_profile, input, started_by, status, available_at, deadline, idem_key, idem_digest, trace_parent)
      select gen_random_uuid(), 'acme', session_id, 'g', 1, 'h', 'r', 'm', '{}', 'u', ${status}, clock_timestamp() + ${after}::interval, clock_timestamp(), session_id, '', '' from s`;
  }

  const claim = (slots: number) => (tx: Parameters<Parameters<typeof transaction>[2]>[0]) =>
    claimRuns(tx as never, { owner, graphs: [PIN], slots });

  it("reads those that are due and no other, however many wait", async () => {
    const idle = await readsOf(database.worker, {}, claim(8));
    expect(idle.rows).toBeLessThan(20);
    expect(idle.pages).toBeLessThan(60);
    await fill(RUN_STATUS.PARKED.code, 40, "-1 second");
    await fill(RUN_STATUS.READY.code, 40, "-1 second");
    const busy = await readsOf(database.worker, {}, claim(8));
    expect(busy.rows).toBeLessThan(120);
    const claimed = await transaction(database.worker, {}, claim(64));
    expect(claimed).toHaveLength(80 - 7 * 8);
  });
});
