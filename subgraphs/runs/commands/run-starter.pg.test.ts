import { newId } from "@soma/shared/ids";
import { withRequestSignal } from "@soma/shared/request-signal";
import { countTransactions } from "@soma/shared/testing/count-transactions";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runsMigrations } from "../migrate.ts";
import type { NewRun } from "../store/begin-runs.ts";
import { createRunStarter } from "./run-starter.ts";

function aNewRun(changes: Partial<NewRun> = {}): NewRun {
  const createdAt = new Date();
  return {
    runId: newId("Run"),
    tenant: "acme",
    sessionId: newId("Session"),
    sessionIsNew: true,
    graph: "one",
    graphVersion: 1,
    graphHash: "h",
    role: "assistant",
    modelProfile: "scripted",
    input: { text: "hello" },
    startedBy: "user:ada",
    priority: 0,
    createdAt,
    deadline: createdAt,
    idemKey: newId(),
    idemDigest: "d",
    traceParent: "",
    requestId: "",
    ...changes,
  };
}

describe("createRunStarter()", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase("runs", await runsMigrations());
  });
  afterAll(() => database.close());

  const rowsOf = async (runs: readonly NewRun[]) =>
    database.owner<{ runId: string; tenant: string; events: number }[]>`
      select run_id as "runId", tenant, (select count(*)::int from journal j where j.run_id = r.run_id and j.tenant = r.tenant and seq = 1) as events
        from run r where run_id = any (${runs.map(({ runId }) => runId)}::uuid[]) order by run_id`;

  it("begins runs that come together in one statement, each of its own tenant, and the next ones in another", async () => {
    const counted = countTransactions(database.request);
    const starter = createRunStarter(counted.sql);
    const runs = Array.from({ length: 20 }, (_, i) => aNewRun({ tenant: i % 2 === 0 ? "acme" : "other" }));
    const given = await Promise.all(runs.map((run) => starter.start(run)));
    expect(given.map((row) => row?.runId)).toEqual(runs.map(({ runId }) => runId));
    expect(counted.transactions()).toBe(1);
    const { runId } = (await starter.start(aNewRun())) ?? {};
    expect(runId).toBeDefined();
    expect(counted.transactions()).toBe(2);
    expect(await rowsOf(runs)).toEqual(
      runs.map(({ runId, tenant }) => ({ runId, tenant, events: 1 })).toSorted((a, b) => (a.runId < b.runId ? -1 : 1)),
    );
    // What the statement said of tenants ended with it.
    const shown = await Promise.all(Array.from({ length: 4 }, () => database.request`select run_id from run`));
    expect(shown.flat()).toEqual([]);
  });

  it("takes no more than 32 in one statement, and leaves none behind", async () => {
    const counted = countTransactions(database.request);
    const starter = createRunStarter(counted.sql);
    const runs = Array.from({ length: 70 }, () => aNewRun());
    await Promise.all(runs.map((run) => starter.start(run)));
    expect(counted.transactions()).toBe(3);
    expect(await rowsOf(runs)).toHaveLength(70);
  });

  it("gives the run of a key, also to two that come together, and none for a session that is not there or is another tenant's", async () => {
    const starter = createRunStarter(database.request);
    const first = aNewRun();
    const again = aNewRun({ idemKey: first.idemKey });
    const stranger = aNewRun({ tenant: "other", sessionId: first.sessionId, sessionIsNew: false });
    const nowhere = aNewRun({ sessionIsNew: false });
    const given = await Promise.all([first, again].map((run) => starter.start(run)));
    expect(given.map((row) => row?.runId)).toEqual([first.runId, first.runId]);
    const sessions = await database.owner`select 1 from session where session_id = ${again.sessionId}`;
    expect(sessions).toHaveLength(0);
    const next = aNewRun({ sessionId: first.sessionId, sessionIsNew: false });
    const rows = await Promise.all([stranger, nowhere, next].map((run) => starter.start(run)));
    expect(rows.map((row) => row?.runId)).toEqual([undefined, undefined, next.runId]);
    expect(await rowsOf([again, stranger, nowhere])).toEqual([]);
  });

  it("fails the run that the database cannot take and no other", async () => {
    const starter = createRunStarter(database.request);
    const known = aNewRun();
    await starter.start(known);
    const runs = [aNewRun(), aNewRun({ runId: known.runId }), aNewRun(), aNewRun(), aNewRun()];
    const given = await Promise.allSettled(runs.map((run) => starter.start(run)));
    expect(given.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled", "fulfilled"]);
    expect(given[1]).toMatchObject({ reason: { code: "23505" } });
    expect(await rowsOf(runs)).toHaveLength(5);
  });

  it("refuses a run whose event does not fit its schema, and no other", async () => {
    const starter = createRunStarter(database.request);
    const runs = [aNewRun(), aNewRun({ tenant: "ACME" }), aNewRun()];
    const given = await Promise.allSettled(runs.map((run) => starter.start(run)));
    expect(given.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(given[1]).toMatchObject({ reason: { code: "EVENT_INVALID", message: expect.stringContaining("/tenant") } });
    expect(await rowsOf(runs)).toHaveLength(2);
  });

  it("does not begin what nobody waits for any more", async () => {
    const starter = createRunStarter(database.request);
    const leaving = new AbortController();
    const [left, stayed] = [aNewRun(), aNewRun()];
    const waiting = withRequestSignal(leaving.signal, () => starter.start(left));
    const other = starter.start(stayed);
    leaving.abort();
    await expect(waiting).rejects.toMatchObject({ code: "CANCELED" });
    await expect(withRequestSignal(leaving.signal, () => starter.start(left))).rejects.toMatchObject({
      code: "CANCELED",
    });
    expect((await other)?.runId).toBe(stayed.runId);
    expect(await rowsOf([left, stayed])).toHaveLength(1);
  });
});
