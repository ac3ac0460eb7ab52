import { newId } from "@soma/shared/ids";
import { connect, type Sql, type Tx } from "@soma/shared/postgres/connect";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { readsOf } from "@soma/shared/testing/reads-of";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runsMigrations } from "../migrate.ts";
import { fillManyRuns } from "../testing/fill-many-runs.ts";
import { claimRuns } from "./claim-runs.ts";
import type { Incarnation } from "./commit-batch.ts";
import { registerWorker } from "./register-worker.ts";

/** A million are claimed from by tests/load/claim-at-scale.ts. */
const ENDED = 8_000;
const WAITING = 2_000;
/** Of a hundred tenants that wait, their queues and as many runs as there are places, of ten thousand. */
const MOST_ROWS = 4_000;

describe("claim_runs() beside many runs", () => {
  let database: TestDatabase;
  let owner: Incarnation;
  beforeAll(async () => {
    database = await createTestDatabase("runs", await runsMigrations());
    owner = await registerWorker(database.worker, { workerId: newId(), slots: 8, build: "test", leaseMs: 60_000 });
  });
  afterAll(() => database.close());

  const scansOfRun = async (tx: Tx): Promise<number> => {
    const [row] = await tx<{ scans: number }[]>`select pg_stat_get_xact_numscans('run'::regclass)::int as scans`;
    return row?.scans ?? -1;
  };
  const claim = async (sql: Sql) => {
    let scans = -1;
    const reads = await readsOf(sql, { times: 1 }, async (tx) => {
      const before = await scansOfRun(tx);
      await claimRuns(tx, { owner, graphs: ["g@1#h"], slots: 8 });
      scans = (await scansOfRun(tx)) - before;
    });
    return { ...reads, scans };
  };

  it("scans the runs never, and a connection whose plans were made beside few of them does not either", async () => {
    const { urls, schema } = database;
    const sql = connect({ url: urls.worker, schema, applicationName: "test-claims", max: 1 });
    const beside = [await claim(sql), await claim(sql)];
    await fillManyRuns(database.owner, { ended: ENDED, waiting: WAITING });
    const among = await claim(sql);
    await sql.end({ timeout: 2 });
    expect([...beside, among].map(({ scans }) => scans)).toEqual([0, 0, 0]);
    expect(among.rows).toBeGreaterThan(8);
    expect(among.rows).toBeLessThan(MOST_ROWS);
  });
});
