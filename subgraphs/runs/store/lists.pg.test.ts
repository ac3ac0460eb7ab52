import { newId } from "@soma/shared/ids";
import type { Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { type Reads, readsOf } from "@soma/shared/testing/reads-of";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runsMigrations } from "../migrate.ts";
import { fillHistory, fillRuns } from "../testing/fill-runs.ts";
import { findRuns } from "./find-runs.ts";
import { findSessions } from "./find-sessions.ts";
import { findStepEvents } from "./find-step-events.ts";
import { listEarlierRuns } from "./list-earlier-runs.ts";
import { listForksOf } from "./list-forks-of.ts";
import { listRuns, SEARCHED_RUNS } from "./list-runs.ts";
import { listStepEvents } from "./list-step-events.ts";
import { readEarlierTurns } from "./read-earlier-turns.ts";
import { readHeads } from "./read-heads.ts";
import { readHistory } from "./read-history.ts";
import { sumUsage } from "./sum-usage.ts";
import type { ListRunsParams } from "./walk-runs.ts";

const PAGE = 51;
const [SUCCEEDED, FAILED] = [10, 11];
const AT = 1_700_000_000_000;

/** Twenty thousand runs of one tenant, nearly all alike, and a few that are not. */
describe("lists of runs", () => {
  let database: TestDatabase;
  const sessionId = newId("Session");
  /** Another one, whose runs are all older. */
  const resting = newId("Session");
  const rare: string[] = [];
  let runIds: string[] = [];
  let long = "";

  beforeAll(async () => {
    database = await createTestDatabase("runs", await runsMigrations());
    const { owner } = database;
    const more = { tenant: "acme", sessionId };
    // The few stand at the old end, where a walk from the newest comes last.
    rare.push(...(await fillRuns(owner, { ...more, count: 3, graph: "seldom", status: FAILED, fromMs: AT - 20_000 })));
    const elsewhere = { ...more, sessionId: resting };
    await fillRuns(owner, { ...elsewhere, count: 4_000, graph: "seldom", fromMs: AT - 10_000 });
    await fillRuns(owner, { ...elsewhere, count: 4_000, status: FAILED, fromMs: AT - 5_000 });
    runIds = await fillRuns(owner, { ...more, count: 12_000, fromMs: AT });
    await fillRuns(owner, { tenant: "other", sessionId: newId("Session"), count: 2_000, fromMs: AT });
    [long = ""] = runIds;
    await fillHistory(owner, { runId: long, kind: "STREAM_DATA", from: 3, count: 20_000 });
    await fillHistory(owner, { runId: long, kind: "STEP_SUCCEEDED", from: 30_000, count: 20 });
    await owner`insert into session select 'acme', gen_random_uuid(), 'user:ada' from generate_series(1, 2000)`;
    await owner`analyze run, journal, session`;
  }, 60_000);
  afterAll(() => database.close());

  const reads = (verb: (tx: Tx) => Promise<unknown>): Promise<Reads> =>
    readsOf(database.request, { tenant: "acme" }, verb);
  const list = (changes: Partial<ListRunsParams>) => (tx: Tx) =>
    listRuns(tx, { tenant: "acme", oldestFirst: false, limit: PAGE, ...changes });
  const idsOf = async (changes: Partial<ListRunsParams>): Promise<string[]> =>
    (await transaction(database.request, { tenant: "acme" }, list(changes))).map(({ runId }) => runId);

  const FILTERS: [string, Partial<ListRunsParams>][] = [
    ["nothing", {}],
    ["a session", { sessionId }],
    ["a frequent status", { statusCodes: [SUCCEEDED] }],
    ["a seldom status", { statusCodes: [12] }],
    ["several statuses", { statusCodes: [0, 1, SUCCEEDED, FAILED] }],
    ["a frequent graph", { graph: "assistant" }],
    ["a graph nobody has", { graph: "none" }],
    ["a graph and a status it never has", { graph: "assistant", statusCodes: [12] }],
    ["a session and a status it seldom has", { sessionId, statusCodes: [FAILED] }],
    ["a session and a graph it seldom has", { sessionId, graph: "seldom" }],
    ["all of them", { sessionId, graph: "seldom", statusCodes: [FAILED] }],
  ];

  it.each(FILTERS)(
    "by %s read a few pages' rows, however many there are, at the first page as at the tenth",
    async (_name, filter) => {
      const middle = { olderThan: runIds[11_000], newerThan: rare[0] };
      for (const page of [
        {},
        { olderThan: runIds[11_000] },
        middle,
        { oldestFirst: true },
        { ...middle, oldestFirst: true },
      ]) {
        const read = await reads(list({ ...filter, ...page }));
        expect(read.scans).toBe(0);
        expect(read.rows).toBeLessThan(12 * PAGE);
        expect(read.pages).toBeLessThan(24 * PAGE);
      }
    },
  );

  it("give what the filters ask for, newest first or oldest first, without repeating a status asked for twice", async () => {
    const seldom = rare.toReversed();
    expect(await idsOf({ sessionId, statusCodes: [FAILED, FAILED] })).toEqual(seldom);
    expect(await idsOf({ sessionId, graph: "seldom" })).toEqual(seldom);
    expect(await idsOf({ sessionId, oldestFirst: true, limit: 4 })).toEqual([...rare, runIds[0]]);
    expect(await idsOf({ sessionId, graph: "assistant", limit: 2 })).toEqual(runIds.slice(-2).reverse());
    expect(await idsOf({ statusCodes: [SUCCEEDED], olderThan: runIds[2], limit: 2 })).toEqual([runIds[1], runIds[0]]);
    expect(await idsOf({ statusCodes: [] })).toEqual([]);
  });

  it("search a text in so many runs and no more, with each filter, and give what fits in the order of the list", async () => {
    const [found = ""] = await fillRuns(database.owner, { tenant: "acme", sessionId, count: 1, fromMs: AT + 11_500 });
    await database.owner`update run set input = '{"text": "Where is the RED harbour?"}' where run_id = ${found}`;
    expect(await idsOf({ text: "red harb" })).toEqual([found]);
    expect(await idsOf({ text: "red harb", sessionId, statusCodes: [SUCCEEDED], oldestFirst: true })).toEqual([]);
    expect(await idsOf({ text: "a question", limit: 2 })).toEqual(runIds.slice(-2).reverse());
    for (const filter of [{}, { graph: "assistant" }, { sessionId, statusCodes: [SUCCEEDED, FAILED] }]) {
      const read = await reads(list({ ...filter, text: "nobody asked this" }));
      expect(read.scans).toBe(0);
      expect(read.rows).toBeLessThan(5 * SEARCHED_RUNS);
    }
    await database.owner`delete from journal where run_id = ${found}`;
    await database.owner`delete from run where run_id = ${found}`;
  });

  it("what a run says and a page needs is found by keys", async () => {
    const ids = runIds.slice(0, PAGE);
    for (const verb of [
      (tx: Tx) => findRuns(tx, { runIds: ids }),
      (tx: Tx) => readHeads(tx, { runIds: ids }),
      (tx: Tx) => findSessions(tx, { sessionIds: [sessionId] }),
      (tx: Tx) => sumUsage(tx, { tenant: "acme", runIds: ids }),
      (tx: Tx) => readHistory(tx, { runId: long, afterSeq: 0, limit: PAGE }),
      (tx: Tx) => readHistory(tx, { runId: long, afterSeq: 15_000, limit: PAGE }),
    ]) {
      const read = await reads(verb);
      expect(read.scans).toBe(0);
      expect(read.rows).toBeLessThan(4 * PAGE);
    }
  });

  it("the newest forks of a run are read and no others, and so is what a forked session goes on from", async () => {
    const { owner, request } = database;
    const forking = { tenant: "forking", sessionId: newId("Session"), count: 3_000, fromMs: AT };
    const [origin = "", ...newer] = await fillRuns(owner, forking);
    // What came after them is none of them.
    const forks = newer.slice(0, 1_000);
    await owner`update run set forked_from_run_id = ${origin}, forked_from_seq = 1 where run_id = any (${forks}::uuid[])`;
    await owner`analyze run`;
    const heir = newId("Session");
    await owner`insert into session (tenant, session_id, created_by, forked_from_session_id, forked_from_run_id)
      values ('acme', ${heir}, 'user:ada', ${sessionId}, ${runIds[11_000] ?? ""})`;
    const newest = (tx: Tx) => listForksOf(tx, { tenant: "forking", runIds: [origin], limit: 20 });
    const earlier = (tx: Tx) => listEarlierRuns(tx, { tenant: "acme", sessionIds: [heir], limit: 50 });
    const read = await readsOf(request, { tenant: "forking" }, newest);
    expect(read.scans).toBe(0);
    expect(read.rows).toBeLessThan(100);
    const told = await transaction(request, { tenant: "forking" }, newest);
    expect(told.map(({ runId }) => runId)).toEqual(forks.slice(-20).reverse());
    const before = await reads(earlier);
    expect(before.scans).toBe(0);
    expect(before.rows).toBeLessThan(12 * PAGE);
    const said = (await transaction(request, { tenant: "acme" }, earlier)).get(heir);
    expect(said?.map(({ runId }) => runId)).toEqual(runIds.slice(10_950, 11_000).reverse());
  });

  it("the steps of a run cost its steps and not what they streamed", async () => {
    const verb = (tx: Tx) => listStepEvents(tx, { runIds: [long, ...runIds.slice(1, PAGE)] });
    const read = await reads(verb);
    expect(read.scans).toBe(0);
    // the row of each run, which tells whose events its history begins with, and the steps
    expect(read.rows).toBeLessThan(PAGE + 40);
    expect((await transaction(database.request, { tenant: "acme" }, verb)).get(long)).toHaveLength(20);
    expect(await transaction(database.request, { tenant: "other" }, verb)).toEqual(new Map());
  });

  it("some steps cost themselves and not the others of their run", async () => {
    const places = [30_000, 30_007, 30_019, 40_000].map((step) => ({ runId: long, step }));
    const verb = (tx: Tx) =>
      findStepEvents(tx, { places: [...places, ...runIds.slice(1, 4).map((runId) => ({ runId, step: 1 }))] });
    const read = await reads(verb);
    expect(read.scans).toBe(0);
    expect(read.rows).toBeLessThan(10);
    const found = await transaction(database.request, { tenant: "acme" }, verb);
    expect(found.map(({ step }) => step)).toEqual([30_000, 30_007, 30_019]);
  });

  it.each([
    ["of a long session that goes on", () => sessionId],
    ["of one that others came after", () => resting],
    ["of one without any", () => newId("Session")],
  ])("earlier turns %s are read from its end", async (_name, session) => {
    const before = { tenant: "acme", sessionId: session(), beforeRunId: runIds.at(-1) ?? "", limit: 10 };
    const read = await readsOf(database.worker, {}, (tx) => readEarlierTurns(tx, before));
    expect(read.scans).toBe(0);
    expect(read.rows).toBeLessThan(250);
  });

  it("earlier turns have both ends of what is too long, and tell how much is missing", async () => {
    const [question, answer] = [`begin${"é".repeat(20_000)}end`, "y".repeat(16_000)];
    const [runId = ""] = await fillRuns(database.owner, { tenant: "acme", sessionId, count: 1, fromMs: AT + 60_000 });
    await database.owner`update run set input = ${database.owner.json({ text: question })} where run_id = ${runId}`;
    const payload = database.owner.json({ answer });
    await database.owner`update journal set payload = ${payload} where run_id = ${runId} and kind = 4`;
    const params = { tenant: "acme", sessionId, beforeRunId: "ffffffff-ffff-7fff-bfff-ffffffffffff", limit: 1 };
    const [turn] = await transaction(database.worker, {}, (tx) => readEarlierTurns(tx, params));
    expect(turn?.user).toMatch(/^begin.*\n\[\.\.\. 4008 characters left out \.\.\.\]\n.*end$/s);
    expect(turn?.assistant).toBe(answer);
  });
});
