import { graph } from "@soma/sdk/graph";
import { runAgent } from "@soma/sdk/run-agent";
import { waitForSignal } from "@soma/sdk/wait";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import { transaction } from "@soma/shared/postgres/transaction";
import { aPrincipal } from "@soma/shared/testing/principals";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { forkRun } from "../commands/fork-run.ts";
import { holdRun } from "../commands/hold-run.ts";
import { releaseHold } from "../commands/release-hold.ts";
import { createRemoval } from "../commands/remove-old-runs.ts";
import { deleteRetired } from "../store/delete-retired.ts";
import { orderErasure } from "../store/order-erasure.ts";
import { retireRuns } from "../store/retire-runs.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";
import { createGraphRegistry } from "./graphs/graph-registry.ts";

const DAY_MS = 86_400_000;
const custodian = aPrincipal({ subject: "user:carol", roles: ["custodian"] });

const one = graph("one", 1, {})
  .node("only", { type: "tool", run: () => ({ summary: "" }) })
  .build(() => "done");
const boss = graph("boss", 1, {})
  .node("delegates", runAgent({ graph: "one", input: () => ({ text: "x" }), done: () => ({ summary: "" }) }))
  .build(() => "");
const waits = graph("waits", 1, {})
  .node("hears", waitForSignal("go", { heard: () => ({ summary: "" }) }))
  .build(() => "");
const graphs = [one, boss, waits];

let harness: EngineHarness;
let skipped = 0;
beforeAll(async () => {
  harness = await createEngineHarness(graphs);
  await harness.startWorker();
});
afterAll(() => harness.close());
beforeEach(() => publishAll());
afterEach(async () => {
  const { owner } = harness.database;
  await owner`truncate run, journal, retired, hold, erasure, signal, schedule, outbox_dead, relay_held`;
});

/** As if the relay had published every event there is, and will be. */
const publishAll = () => harness.database.owner`update relay_cursor set last_xid = '18446744073709551615'`;
const weight = { weight: 1, maxUnfinished: 100 };
/** Thirty days for all tenants but one. */
const removal = () =>
  createRemoval({
    sql: harness.database.worker,
    tenants: { "*": { ...weight, retention: { runs: "30d" } }, keeps: { ...weight, retention: { runs: "forever" } } },
    log: createSilentLog(),
    now: () => new Date(Date.now() + skipped),
  });
/** Rounds until nothing waits. */
async function remove(days: number, tick = removal()): Promise<void> {
  skipped = days * DAY_MS;
  while (await tick());
}
async function ended(name: string, tenant = "acme"): Promise<string> {
  const { runId } = await harness.start({ graph: name }, aPrincipal({ tenant }));
  await harness.finished(runId);
  return runId;
}
const runs = async () =>
  (await harness.database.owner<{ id: string }[]>`select run_id as id from run order by run_id`).map(({ id }) => id);

describe("createRemoval()", () => {
  it("removes what ended longer ago than its tenant keeps it, with everything that belongs to it, and nothing else", async () => {
    const { owner } = harness.database;
    const old = await ended("boss");
    const kept = await ended("one", "keeps");
    const waiting = (await harness.start({ graph: "waits" })).runId;
    await owner`insert into outbox_dead (event_id, tenant, topic, key, type, payload, headers, reason)
      values (${newId()}, 'acme', 't', ${old}, 'agent.steps.v1', 'x', '{}', 'x'),
        (${newId()}, 'acme', 't', 's', 'conversation.event.v1', ${`{"metadata":{"run_id":"${old}"}}`}, '{}', 'x'),
        (${newId()}, 'acme', 't', 's', 'conversation.event.v1', ${`{"metadata":{"run_id":"${kept}"}}`}, '{}', 'x')`;
    await owner`insert into schedule (tenant, schedule_id, name, cron, time_zone, overlap, graph, input, role, model_profile,
        created_by, idem_key, idem_digest, created_at, is_paused, last_run_id)
      values ('acme', ${newId()}, 'n', '0 9 * * *', 'UTC', 'SKIP', 'boss', '{}', 'r', 'm', 'x', 'k', 'd', now(), true, ${old})`;
    await remove(29);
    expect(await runs()).toHaveLength(4);
    await remove(31);
    expect(await runs()).toEqual([kept, waiting]);
    const left = await owner`select distinct run_id from journal where run_id not in (${kept}, ${waiting})`;
    const [rest] =
      await owner`select (select count(*) from retired)::int as retired, (select count(*) from signal)::int as signals,
      (select count(*) from outbox_dead)::int as dead, (select count(last_run_id) from schedule)::int as remembered`;
    expect([left.length, rest]).toEqual([0, { retired: 0, signals: 0, dead: 1, remembered: 0 }]);
  });

  it("keeps a run while it is held, also what started it, and while a fork of it stays; then they go", async () => {
    const held = await ended("boss");
    const [child] = await harness.database.owner<
      { id: string }[]
    >`select run_id as id from run where parent_run_id = ${held}`;
    const why = { reason: "case 7", idempotencyKey: newId() };
    const { holdId } = await holdRun(harness.database.request, custodian, { runId: child?.id ?? "", ...why });
    const origin = await ended("one");
    const { database, admission } = harness;
    const deps = { sql: database.request, admission, graphs: createGraphRegistry(graphs), now: () => new Date() };
    const fork = await forkRun(deps, aPrincipal(), { runId: origin, atSeq: 1, idempotencyKey: newId() });
    harness.wakeUp.changed("work");
    await harness.finished(fork.runId);
    await database.owner`update run set finished_at = now() + interval '10 days' where run_id = ${fork.runId}`;

    await remove(31);
    expect(await runs()).toEqual([held, child?.id, origin, fork.runId]);
    await releaseHold(harness.database.request, custodian, { holdId, ...why });
    const tick = removal();
    await remove(41, tick);
    expect(await runs()).toEqual([origin]);
    // A fork goes before what it was forked from; that was passed over, and comes when looking begins anew.
    await remove(41, tick);
    expect(await runs()).toEqual([]);
  });

  it("removes nothing that others have not heard of yet", async () => {
    const { owner } = harness.database;
    const id = await ended("one");
    const passOver = (
      seq: number,
    ) => owner`update relay_cursor c set last_xid = j.xid, last_run = j.run_id, last_seq = j.seq
      from (select * from journal where run_id = ${id} order by seq desc offset ${seq} limit 1) j`;
    await passOver(1);
    await remove(31);
    expect(await runs()).toEqual([id]);
    await passOver(0);
    await owner`insert into relay_held (run_id, seq) values (${id}, 1)`;
    await remove(31);
    expect(await runs()).toEqual([id]);
    await owner`truncate relay_held`;
    await remove(31);
    expect(await runs()).toEqual([]);
  });

  it("does so much at a time: the run goes first, and nobody reads of it what is still there", async () => {
    const { worker, owner } = harness.database;
    const ids = [await ended("one"), await ended("one"), await ended("one")];
    const as = <T>(work: Parameters<typeof transaction<T>>[2]) => transaction(worker, { tenant: "acme" }, work);
    const before = new Date(Date.now() + DAY_MS);
    const first = await as((tx) => retireRuns(tx, { before, limit: 2, place: undefined }));
    expect([first.runs, first.place?.afterRun, await runs()]).toEqual([2, ids[1], [ids[2]]]);
    expect(await harness.history(ids[0] ?? "")).toEqual([]);
    const rest = await as((tx) => retireRuns(tx, { before, limit: 2, place: first.place }));
    expect(rest).toEqual({ runs: 1, place: undefined });
    const rows = async () => (await owner`select from journal`).length;
    let left = await rows();
    while (await as((tx) => deleteRetired(tx, { limit: 2 }))) {
      expect(left - (await rows())).toBeLessThanOrEqual(2);
      left = await rows();
    }
    expect([left <= 2, await rows()]).toEqual([true, 0]);
  });

  it("is one worker's turn at a time", async () => {
    await ended("one");
    skipped = 31 * DAY_MS;
    const { worker } = harness.database;
    await transaction(worker, {}, async (tx) => {
      await tx`select pg_advisory_xact_lock(5, hashtext(current_schema()))`;
      expect(await removal()()).toBe(false);
      expect(await runs()).toHaveLength(1);
    });
    await remove(31);
    expect(await runs()).toEqual([]);
  });

  it("goes on with erasures that a process left", async () => {
    const { request, owner } = harness.database;
    const runId = await ended("one");
    await transaction(request, { tenant: "acme" }, (tx) => orderErasure(tx, { runId, by: "user:carol", reason: "r" }));
    await remove(0);
    const left = await owner`select from journal where payload <> erased_payload()`;
    expect([left.length, (await owner`select from erasure where done_at is not null`).length]).toEqual([0, 1]);
  });
});
