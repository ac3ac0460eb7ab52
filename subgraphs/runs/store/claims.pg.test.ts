import { newId } from "@soma/shared/ids";
import type { Tx } from "@soma/shared/postgres/connect";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { type Reads, readsOf } from "@soma/shared/testing/reads-of";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RUN_STATUS } from "../domain/run-status.ts";
import { runsMigrations } from "../migrate.ts";
import { fillQueue, QUEUE_PIN } from "../testing/fill-queue.ts";
import { claimRuns } from "./claim-runs.ts";
import type { Incarnation } from "./commit-batch.ts";
import { registerWorker } from "./register-worker.ts";

/** As often as gives each statement of the function its plan for all values. */
const TIMES = 8;

const OTHERS_MS = 40_000;

describe("claimRuns() beside runs that wait", () => {
  let database: TestDatabase;
  let owner: Incarnation;
  /** Holds what one has no place for. */
  let another: Incarnation;

  beforeAll(async () => {
    database = await createTestDatabase("runs", await runsMigrations());
    await fill({ status: RUN_STATUS.PARKED.code, count: 20_000, dueIn: "1 hour" });
    await fill({ status: RUN_STATUS.PAUSED.code, count: 2_000, dueIn: "infinity" });
    await fill({ count: 5_000, graphVersion: 2 });
    await database.owner`analyze run`;
    owner = await worker();
    another = await worker();
  }, 60_000);
  afterAll(() => database.close());

  const fill = (params: Omit<Parameters<typeof fillQueue>[1], "tenant">) =>
    fillQueue(database.owner, { tenant: "acme", ...params });

  const worker = () => registerWorker(database.worker, { workerId: newId(), slots: 8, build: "test", leaseMs: 60_000 });
  const claimByAnother = (slots: number) => claimRuns(database.worker, { owner: another, graphs: [QUEUE_PIN], slots });

  /** What the dearest of several claims reads, each of its own transaction, and how many runs they were given. */
  async function claimAndCount(slots: number): Promise<Reads & { claimed: number }> {
    const worst = { rows: 0, pages: 0, scans: 0, claimed: 0 };
    for (let i = 0; i < TIMES; i += 1) {
      const reads = await readsOf(database.worker, { times: 1 }, async (tx) => {
        worst.claimed += (await claimRuns(tx as never, { owner, graphs: [QUEUE_PIN], slots })).length;
        expect(await wholeReads(tx)).toBe(0);
      });
      for (const name of ["rows", "pages"] as const) worst[name] = Math.max(worst[name], reads[name]);
    }
    return worst;
  }

  /** How often this transaction read the table of runs from end to end. */
  async function wholeReads(tx: Tx): Promise<number> {
    const [row] = await tx<{ scans: number }[]>`select pg_stat_get_xact_numscans('run'::regclass)::int as scans`;
    return row?.scans ?? -1;
  }

  it("reads those that are due and no other, however many wait or are pinned to a graph it does not have", async () => {
    const idle = await claimAndCount(8);
    expect(idle).toMatchObject({ claimed: 0 });
    expect(idle.rows).toBeLessThan(20);
    expect(idle.pages).toBeLessThan(200);
    await fill({ status: RUN_STATUS.PARKED.code, count: 40 });
    await fill({ count: 40 });
    const busy = await claimAndCount(8);
    expect(busy).toMatchObject({ claimed: 8 * TIMES });
    expect(busy.rows).toBeLessThan(400);
    expect(await claimByAnother(64)).toHaveLength(80 - 8 * TIMES);
  });

  it("reads no more of 5 000 that are due in 1 000 sessions, nor when all of them wait for others", {
    timeout: 60_000,
  }, async () => {
    await fill({ count: 5_000, sessions: 1_000 });
    const first = await claimAndCount(8);
    expect(first).toMatchObject({ claimed: 8 * TIMES });
    // Some 300, and with those that the claims before took as long as a transaction of the server, whoever's, is older.
    expect(first.rows).toBeLessThan(1_500);
    let given = first.claimed;
    for (let round = 0; round < 8; round += 1) given += (await claimByAnother(1_000)).length;
    expect(given).toBe(1_000);
    // The index keeps what left the queue until no transaction of the server, whoever's, is older: other tests have long ones.
    await until(
      "what was set aside is read no more",
      async () => {
        const blocked = await claimAndCount(8);
        expect(blocked).toMatchObject({ claimed: 0 });
        return blocked.rows < 400 ? true : undefined;
      },
      OTHERS_MS,
    );
  });
});
