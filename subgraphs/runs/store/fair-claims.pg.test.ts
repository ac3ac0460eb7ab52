import { newId } from "@soma/shared/ids";
import { transaction } from "@soma/shared/postgres/transaction";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { RUN_STATUS } from "../domain/run-status.ts";
import { runsMigrations } from "../migrate.ts";
import { fillQueue, QUEUE_PIN } from "../testing/fill-queue.ts";
import { randomOf } from "../testing/random-graphs.ts";
import { faultsOfTurns, type Turn } from "../testing/turns-oracle.ts";
import { type ClaimedRun, claimRuns, type RunShares } from "./claim-runs.ts";
import type { Incarnation } from "./commit-batch.ts";
import { registerWorker } from "./register-worker.ts";
import { takeOverWorker } from "./take-over-worker.ts";

const SEED = Number(process.env.SOMA_TEST_SEED ?? Date.now() % 1_000_000);
const STEPS = 400;

let database: TestDatabase;
let owner: Incarnation;

beforeAll(async () => {
  database = await createTestDatabase("runs", await runsMigrations());
  owner = await worker();
});
afterEach(async () => {
  await database.owner`truncate run, tenant_turn`;
});
afterAll(() => database.close());

const worker = (): Promise<Incarnation> =>
  registerWorker(database.worker, { workerId: newId(), slots: 8, build: "test", leaseMs: 60_000 });
const fill = (tenant: string, params: Omit<Parameters<typeof fillQueue>[1], "tenant">): Promise<string[]> =>
  fillQueue(database.owner, { tenant, ...params });
const claim = (slots: number, shares: RunShares = {}, by = owner): Promise<ClaimedRun[]> =>
  claimRuns(database.worker, { owner: by, graphs: [QUEUE_PIN], slots, shares });

/** Ends runs the way their owner does, as far as other runs can see. */
const end = (runs: readonly { runId: string }[]): Promise<unknown> =>
  database.worker`update run set status = ${RUN_STATUS.SUCCEEDED.code}, worker_id = null where run_id = any (${runs.map(({ runId }) => runId)})`;

/** How many of so many claims of one slot went to each tenant. */
async function turns(count: number, shares: RunShares = {}): Promise<Record<string, number>> {
  const given: Record<string, number> = {};
  for (let i = 0; i < count; i += 1)
    for (const { tenant } of await claim(1, shares)) given[tenant] = (given[tenant] ?? 0) + 1;
  return given;
}

describe("claimRuns() among tenants", () => {
  it("gives a tenant's first run the next free place, however many runs and sessions another has", async () => {
    await fill("heavy", { count: 500, sessions: 100 });
    await claim(40);
    await fill("light", { count: 1 });
    expect((await claim(1)).map(({ tenant }) => tenant)).toEqual(["light"]);
  });

  it("gives tenants turns, also those that come later, and saves nothing up for them", async () => {
    await fill("a", { count: 40 });
    await fill("b", { count: 40 });
    expect(await turns(10)).toEqual({ a: 5, b: 5 });
    await fill("late", { count: 40 });
    expect(await turns(30)).toEqual({ a: 10, b: 10, late: 10 });
  });

  it("splits the places of one claim, and gives those that one does not need to the others", async () => {
    await fill("a", { count: 40 });
    await fill("b", { count: 3 });
    const tenants = (await claim(12)).map(({ tenant }) => tenant);
    expect(tenants.filter((tenant) => tenant === "b")).toHaveLength(3);
    expect(tenants).toHaveLength(12);
  });

  it("starts runs of tenants in proportion to their weights", async () => {
    for (const tenant of ["a", "b", "c"]) await fill(tenant, { count: 60 });
    expect(await turns(50, { a: { weight: 3 }, b: { weight: 1.5 }, "*": { weight: 0.5 } })).toEqual({
      a: 30,
      b: 15,
      c: 5,
    });
  });

  it("keeps a tenant within its cap when many claim at once, also after a worker that held its places died", async () => {
    await fill("capped", { count: 100 });
    await fill("other", { count: 20 });
    const shares = { capped: { weight: 1, maxRunning: 5 } };
    const workers = await Promise.all([1, 2, 3, 4].map(worker));
    const given = (await Promise.all(workers.map((by) => claim(10, shares, by)))).flat();
    expect(given.filter(({ tenant }) => tenant === "capped")).toHaveLength(5);
    expect(given.filter(({ tenant }) => tenant === "other")).toHaveLength(20);
    for (const dead of workers) await takeOverWorker(database.worker, dead);
    const again = await claim(50, shares);
    expect(again.filter(({ tenant }) => tenant === "capped")).toHaveLength(5);
    expect(await claim(50, shares)).toEqual([]);
    await end(again.filter(({ tenant }) => tenant === "capped").slice(0, 2));
    expect(await claim(50, shares)).toHaveLength(2);
  });

  it(`keeps shares and caps whatever comes when (SOMA_TEST_SEED=${SEED})`, async () => {
    const random = randomOf(SEED);
    const tenants = ["a", "b", "c", "d"];
    const shares: RunShares = { a: { weight: 3 }, b: { weight: 0.5, maxRunning: 4 }, c: { weight: 1, maxRunning: 2 } };
    const log: Turn[] = [];
    const under: ClaimedRun[] = [];
    for (let step = 0; step < STEPS; step += 1) {
      const tenant = tenants[random(tenants.length)] ?? "";
      const what = random(10);
      if (what === 0 || step === 0) {
        const count = 1 + random(20);
        await fill(tenant, { count });
        log.push(...Array.from({ length: count }, (): Turn => ({ tenant, what: "queued" })));
      } else if (what < 4 && under.length > 0) {
        const [over] = under.splice(random(under.length), 1);
        await end(over === undefined ? [] : [over]);
        log.push({ tenant: over?.tenant ?? "", what: "left" });
      } else
        for (const run of await claim(1, shares)) {
          under.push(run);
          log.push({ tenant: run.tenant, what: "claimed" });
        }
    }
    expect(log.filter((turn) => turn.what === "claimed").length).toBeGreaterThan(STEPS / 4);
    expect(faultsOfTurns(log, (tenant) => shares[tenant] ?? { weight: 1 })).toEqual([]);
  });

  it("counts a suspect of killing its workers within the cap", async () => {
    await fill("capped", { count: 10 });
    const shares = { capped: { weight: 1, maxRunning: 1 } };
    await database.owner`update run set fruitless = 2 where run_id = (select run_id from run order by run_id limit 1)`;
    const [suspect] = await claim(5, shares);
    expect(suspect).toMatchObject({ fruitless: 2 });
    expect(await claim(5, shares)).toEqual([]);
  });

  it("takes the lowest priority of a tenant first, then who waits longest, and no tenant gains by it", async () => {
    const later = await fill("a", { count: 2, priority: 1 });
    const first = await fill("a", { count: 2, priority: 0, dueIn: "0 seconds" });
    await fill("b", { count: 4, priority: 2 });
    const order = [];
    for (let i = 0; i < 8; i += 1) order.push(...(await claim(1)));
    expect(order.filter(({ tenant }) => tenant === "a").map(({ runId }) => runId)).toEqual([...first, ...later]);
    expect(order.map(({ tenant }) => tenant)).toEqual(["a", "b", "a", "b", "a", "b", "a", "b"]);
  });

  it("comes to every tenant where there are more than one claim looks at", async () => {
    await database.owner`insert into session select 't' || no, gen_random_uuid(), 'user:ada' from generate_series(1, 1100) no`;
    await database.owner`insert into run (run_id, tenant, session_id, graph, graph_version, graph_hash, role, model_profile, input, started_by, status, available_at, deadline, idem_key, idem_digest, trace_parent)
      select gen_random_uuid(), tenant, session_id, 'g', 1, 'h', 'r', 'm', '{}', 'u', 0, clock_timestamp(), clock_timestamp(), session_id, '', '' from session where tenant ~ '^t[0-9]+$'`;
    const given = [];
    for (let i = 0; i < 4; i += 1) given.push(...(await claim(2_000)));
    expect(given).toHaveLength(1_100);
  });
});

describe("claimRuns() within a session", () => {
  it("gives one run at a time, in their order, and goes past those that wait to other sessions", async () => {
    const queued = await fill("a", { count: 60, sessions: 1 });
    const [other] = await fill("a", { count: 1 });
    const order = [];
    for (const free of [2, 1, 1, 1]) {
      const runs = await claim(free);
      order.push(...runs.map(({ runId }) => runId));
      await end(runs);
    }
    expect(order).toEqual([queued[0], other, ...queued.slice(1, 4)]);
  });

  it("calls the next one back from wherever it was set aside, whoever is at work on the runs meanwhile", async () => {
    const runs = await fill("a", { count: 120, sessions: 6 });
    const workers = await Promise.all([1, 2, 3].map(worker));
    const done: string[] = [];
    await Promise.all(
      workers.map(async (by) => {
        for (let round = 0; done.length < runs.length && round < 500; round += 1) {
          const mine = await claim(2, {}, by);
          await end(mine);
          done.push(...mine.map(({ runId }) => runId));
        }
      }),
    );
    expect([...done].sort()).toEqual([...runs].sort());
    const [left] = await database.owner`select count(*)::int as aside from run where behind`;
    expect(left).toEqual({ aside: 0 });
  });

  it("sets no run aside while the one it waits for is ending", async () => {
    const [first = "", second = ""] = await fill("a", { count: 2, sessions: 1 });
    await claim(1);
    await database.owner`update run set behind = false`;
    await transaction(database.owner, {}, async (tx) => {
      await tx`update run set status = 10, worker_id = null where run_id = ${first}`;
      expect(await claim(1)).toEqual([]);
      expect(await database.owner`select behind from run where run_id = ${second}`).toEqual([{ behind: false }]);
    });
    expect((await claim(1)).map(({ runId }) => runId)).toEqual([second]);
  });
});
