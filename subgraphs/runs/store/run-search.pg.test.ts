import { newId } from "@soma/shared/ids";
import type { Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { readsOf } from "@soma/shared/testing/reads-of";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runsMigrations } from "../migrate.ts";
import { fillHistory, fillRuns } from "../testing/fill-runs.ts";
import { findSearchEnd, listRuns, SEARCHED_RUNS } from "./list-runs.ts";
import type { ListRunsParams } from "./walk-runs.ts";

const PAGE = 51;
const SUCCEEDED = 10;
const AT = 1_700_000_000_000;

/** Twelve thousand runs that went well, and few that did not: some among the newest, and some further back than one search. */
describe("a search among runs", () => {
  let database: TestDatabase;
  let runIds: string[] = [];
  let near: string[] = [];
  let far: string[] = [];

  beforeAll(async () => {
    database = await createTestDatabase("runs", await runsMigrations());
    const { owner } = database;
    runIds = await fillRuns(owner, { tenant: "acme", sessionId: newId("Session"), count: 12_000, fromMs: AT });
    near = runIds.slice(-30, -27);
    far = runIds.slice(100, 103);
    for (const runId of [...near, ...far]) await fillHistory(owner, { runId, kind: "STEP_FAILED", from: 3, count: 2 });
    await owner`update run set recoveries = 1, role = 'auditor' where run_id = any (${[...near, ...far]}::uuid[])`;
    await owner`analyze run, journal`;
  }, 60_000);
  afterAll(() => database.close());

  const paramsOf = (changes: Partial<ListRunsParams>): ListRunsParams => ({
    ...{ tenant: "acme", oldestFirst: false, limit: PAGE },
    ...changes,
  });
  const list = (changes: Partial<ListRunsParams>) => (tx: Tx) => listRuns(tx, paramsOf(changes));
  const end = (changes: Partial<ListRunsParams>) => (tx: Tx) => findSearchEnd(tx, paramsOf(changes));
  const ask = <T>(verb: (tx: Tx) => Promise<T>): Promise<T> => transaction(database.request, { tenant: "acme" }, verb);
  const idsOf = async (changes: Partial<ListRunsParams>) => (await ask(list(changes))).map(({ runId }) => runId);

  const SEARCHES: [string, Partial<ListRunsParams>][] = [
    ["an outcome", { outcomes: ["WITH_FAILURES"], statusCodes: [SUCCEEDED] }],
    ["a role", { role: "auditor" }],
    ["a role and an outcome", { role: "auditor", outcomes: ["WITH_FAILURES"], statusCodes: [SUCCEEDED] }],
  ];

  it.each(SEARCHES)(
    "for %s looks at so many runs and no more, and goes on from where it ended",
    async (_name, filter) => {
      for (const page of [{}, { oldestFirst: true }]) {
        const read = await readsOf(database.request, { tenant: "acme" }, list({ ...filter, ...page }));
        expect(read.scans).toBe(0);
        expect(read.rows).toBeLessThan(6 * SEARCHED_RUNS);
      }
      expect(await idsOf(filter)).toEqual(near.toReversed());
      const first = await ask(end(filter));
      expect(first?.runId).toBe(runIds.at(-SEARCHED_RUNS));
      const second = await ask(end({ ...filter, olderThan: first?.runId }));
      expect(second?.runId).toBe(runIds.at(-2 * SEARCHED_RUNS));
      const rest = { ...filter, olderThan: second?.runId };
      expect(await idsOf(rest)).toEqual(far.toReversed());
      expect(await ask(end(rest))).toBe(undefined);
      expect((await ask(end({ ...filter, oldestFirst: true })))?.runId).toBe(runIds[SEARCHED_RUNS - 1]);
    },
  );

  it("reads a page's rows where many fit, and has no end where nothing is searched for", async () => {
    for (const frequent of [{ outcomes: ["OK"] as const, statusCodes: [SUCCEEDED] }, { role: "assistant" }]) {
      const read = await readsOf(database.request, { tenant: "acme" }, list(frequent));
      expect(read.rows).toBeLessThan(8 * PAGE);
    }
    expect(await ask(end({ statusCodes: [SUCCEEDED] }))).toBe(undefined);
    expect(await ask(end({ recovered: true }))).toBe(undefined);
  });

  it("finds those that were recovered however far back they stand, and reads no others, with other filters too", async () => {
    const recovered = [...far, ...near].toReversed();
    for (const filter of [
      {},
      { statusCodes: [SUCCEEDED] },
      { graph: "assistant" },
      { role: "auditor", outcomes: ["WITH_FAILURES"] as const },
    ]) {
      expect(await idsOf({ ...filter, recovered: true })).toEqual(recovered);
      const read = await readsOf(database.request, { tenant: "acme" }, list({ ...filter, recovered: true }));
      expect(read.scans).toBe(0);
      expect(read.rows).toBeLessThan(12 * recovered.length);
    }
    expect(await idsOf({ recovered: true, oldestFirst: true, limit: 2 })).toEqual(far.slice(0, 2));
    expect(await idsOf({ recovered: true, olderThan: near[0] })).toEqual(far.toReversed());
    expect(await idsOf({ recovered: false, limit: 2 })).toEqual(runIds.slice(-2).reverse());
  });
});
