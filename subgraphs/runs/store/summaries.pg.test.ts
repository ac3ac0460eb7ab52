import { newId } from "@soma/shared/ids";
import { transaction } from "@soma/shared/postgres/transaction";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { aPrincipal } from "@soma/shared/testing/principals";
import { readsOf } from "@soma/shared/testing/reads-of";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eraseRun } from "../commands/erase-run.ts";
import { runsMigrations } from "../migrate.ts";
import { fillRuns } from "../testing/fill-runs.ts";
import { keepSummary } from "./keep-summary.ts";
import { readEarlierTurns } from "./read-earlier-turns.ts";
import { readSummary } from "./read-summary.ts";
import { seizeRun } from "./seize-run.ts";

const AT = 1_700_000_000_000;
const LAST = "ffffffff-ffff-7fff-bfff-ffffffffffff";

describe("summaries of sessions", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase("runs", await runsMigrations());
  });
  afterAll(() => database.close());

  async function aSession(count: number, fromMs = AT): Promise<{ sessionId: string; runIds: string[] }> {
    const sessionId = newId("Session");
    return { sessionId, runIds: await fillRuns(database.owner, { tenant: "acme", sessionId, count, fromMs }) };
  }
  const read = (sessionId: string, beforeRunId = LAST) =>
    transaction(database.worker, {}, (tx) => readSummary(tx, { tenant: "acme", sessionId, beforeRunId }));
  const keep = (sessionId: string, runIds: string[], replaces?: string, runId = newId("Run")) => {
    const summary = { text: `of ${runIds.length}`, madeBy: "p/m", runIds, replaces };
    return transaction(database.worker, {}, (tx) => keepSummary(tx, { tenant: "acme", sessionId, runId, summary }));
  };

  it("cost the same at message 2 000 as at message 20, whether one is kept or not", async () => {
    const sessions = [await aSession(200), await aSession(2_000), await aSession(20), await aSession(2_000)] as const;
    for (const { sessionId, runIds } of sessions.slice(2)) await keep(sessionId, runIds.slice(-20, -10));
    await database.owner`insert into session_summary (tenant, session_id, upto_run_id, turns, text, made_by, made_in)
      select 'acme', gen_random_uuid(), gen_random_uuid(), 1, 'x', 'p/m', gen_random_uuid() from generate_series(1, 2000)`;
    await database.owner`analyze run, journal, session_summary`;
    const cost = async ({ sessionId }: { sessionId: string }) => {
      let bytes = 0;
      const reads = await readsOf(database.worker, {}, async (tx) => {
        const params = { tenant: "acme", sessionId, beforeRunId: LAST };
        const summary = await readSummary(tx, params);
        const turns = await readEarlierTurns(tx, { ...params, afterRunId: summary?.uptoRunId, limit: 30 });
        expect(turns).toHaveLength(summary === undefined ? 30 : 10);
        bytes = JSON.stringify([summary, turns]).length;
      });
      return { rows: reads.rows, scans: reads.scans, bytes };
    };
    const [few, many, fewKept, manyKept] = await Promise.all(sessions.map(cost));
    expect(many).toEqual(few);
    expect(manyKept).toEqual(fewKept);
    expect(manyKept?.rows).toBeLessThan(few?.rows ?? 0);
  });

  it("are extended by whoever read the kept one, and by nobody else", async () => {
    const { sessionId, runIds } = await aSession(6);
    expect(await keep(sessionId, runIds.slice(0, 2))).toBe(true);
    expect(await keep(sessionId, runIds.slice(0, 3))).toBe(false);
    const first = await read(sessionId);
    expect(await keep(sessionId, runIds.slice(2, 4), first?.version)).toBe(true);
    expect(await keep(sessionId, runIds.slice(2, 5), first?.version)).toBe(false);
    expect(await read(sessionId)).toMatchObject({ text: "of 2", turns: 4, uptoRunId: runIds[3] });
  });

  it("go with a run that they tell of when it is erased, and stay with one that they do not", async () => {
    const { sessionId, runIds } = await aSession(6);
    const [first = "", second = ""] = runIds;
    const custodian = aPrincipal({ tenant: "acme", roles: ["custodian"] });
    const erase = (runId = "") =>
      eraseRun(database.request, custodian, { runId, reason: "case 7", idempotencyKey: newId() }, 100);
    await keep(sessionId, runIds.slice(0, 3));
    await erase(runIds[5]);
    expect(await read(sessionId)).toMatchObject({ turns: 3 });
    const { version } = (await read(sessionId)) ?? {};
    await erase(first);
    expect(await read(sessionId)).toBeUndefined();
    // What was being made of the erased run's words is not kept either.
    expect(await keep(sessionId, [runIds[3] ?? ""], version)).toBe(false);
    expect(await keep(sessionId, [first, second])).toBe(false);
    expect(await keep(sessionId, [second])).toBe(true);
  });

  it("go with a run of a session that theirs goes on from, and stay with one of after that", async () => {
    const origin = await aSession(4);
    const heirs = [await aSession(2, AT + 1_000), await aSession(2, AT + 2_000)] as const;
    const from = async (heir: string, session: string, runId = "") =>
      database.owner`update session set forked_from_session_id = ${session}, forked_from_run_id = ${runId} where session_id = ${heir}`;
    await from(heirs[0].sessionId, origin.sessionId, origin.runIds[2]);
    await from(heirs[1].sessionId, heirs[0].sessionId, heirs[0].runIds[1]);
    for (const { sessionId, runIds } of heirs) await keep(sessionId, [...origin.runIds.slice(0, 2), ...runIds]);
    const kept = async () =>
      (await Promise.all(heirs.map(({ sessionId }) => read(sessionId)))).map((one) => one?.turns);
    const seize = (runId = "") =>
      transaction(database.request, { tenant: "acme" }, (tx) => seizeRun(tx, { runId, deadline: new Date(AT) }));
    await seize(origin.runIds[2]);
    expect(await kept()).toEqual([4, 4]);
    await seize(origin.runIds[1]);
    expect(await kept()).toEqual([undefined, undefined]);
  });

  it("go with a run that they tell of when it is taken back, and tell nobody of what came after it", async () => {
    const { sessionId, runIds } = await aSession(6);
    await keep(sessionId, runIds.slice(0, 3));
    expect(await read(sessionId, runIds[2])).toBeUndefined();
    expect(await read(sessionId, runIds[3])).toMatchObject({ turns: 3 });
    const seize = (runId = "") =>
      transaction(database.request, { tenant: "acme" }, (tx) => seizeRun(tx, { runId, deadline: new Date(AT) }));
    await seize(runIds[5]);
    expect(await read(sessionId)).toMatchObject({ turns: 3 });
    await seize(runIds[1]);
    expect(await read(sessionId)).toBeUndefined();
    expect(await keep(sessionId, runIds.slice(0, 3))).toBe(false);
    expect(await keep(sessionId, runIds.slice(2, 4))).toBe(true);
  });

  it("go with a run that they tell of when it goes away", async () => {
    const { sessionId, runIds } = await aSession(3);
    await keep(sessionId, runIds.slice(0, 2));
    await database.owner`delete from run where run_id = ${runIds[2] ?? ""}`;
    expect(await read(sessionId)).toMatchObject({ turns: 2 });
    await transaction(database.owner, { tenant: "acme" }, async (tx) => {
      await tx`set local role soma_definer`;
      await tx`delete from run where run_id = ${runIds[0] ?? ""}`;
    });
    expect(await read(sessionId)).toBeUndefined();
  });

  it("are of no use to a request, and of one session of one tenant", async () => {
    const { sessionId, runIds } = await aSession(2);
    await keep(sessionId, runIds);
    const params = { tenant: "acme", sessionId, beforeRunId: LAST };
    await expect(transaction(database.request, { tenant: "acme" }, (tx) => readSummary(tx, params))).rejects.toThrow(
      "permission denied",
    );
    const other = { ...params, tenant: "other" };
    expect(await transaction(database.worker, {}, (tx) => readSummary(tx, other))).toBeUndefined();
  });
});
