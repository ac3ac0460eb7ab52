import { newId } from "@soma/shared/ids";
import { countTransactions } from "@soma/shared/testing/count-transactions";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { aPrincipal } from "@soma/shared/testing/principals";
import { createWakeUp } from "@soma/shared/wake-up";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RUN_STATUS } from "../domain/run-status.ts";
import { runsMigrations } from "../migrate.ts";
import { fillHistory, fillRuns } from "../testing/fill-runs.ts";
import { followRunEvents, type RunFrame } from "./run-events.ts";

describe("followRunEvents()", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase("runs", await runsMigrations());
  });
  afterAll(() => database.close());

  /** A follower of a run with two events, how often it has read, and what writes more of them and tells. */
  async function follow(count = 0) {
    const { owner, request } = database;
    const status = RUN_STATUS.RUNNING.code;
    const [runId = ""] = await fillRuns(owner, {
      tenant: "acme",
      sessionId: newId("Session"),
      count: 1,
      fromMs: 1,
      status,
    });
    if (count > 0) await fillHistory(owner, { runId, kind: "STEP_STARTED", from: 3, count });
    const { sql, transactions } = countTransactions(request);
    const wakeUp = createWakeUp();
    const deps = { sql, wakeUp, lostHints: { watch: () => () => {} }, now: () => new Date() };
    const controller = new AbortController();
    const frames = followRunEvents(deps, aPrincipal(), { runId, afterSeq: 0 }, controller.signal);
    const next = async () => (await frames.next()).value as RunFrame;
    let seq = 2 + count;
    return {
      transactions,
      next,
      /** The last event of the run, then its status, as one who reads between the two finds them; no hint is heard. */
      async end() {
        seq += 1;
        await fillHistory(owner, { runId, kind: "RUN_SUCCEEDED", from: seq, count: 1 });
        const told = await next();
        await owner`update run set status = ${RUN_STATUS.SUCCEEDED.code} where run_id = ${runId}`;
        return told;
      },
      async write() {
        seq += 1;
        await fillHistory(owner, { runId, kind: "STEP_STARTED", from: seq, count: 1 });
        wakeUp.changed(runId);
      },
      async close() {
        controller.abort();
        await frames.return(undefined);
      },
    };
  }

  it("reads once for each frame of a run that goes on", async () => {
    const { next, write, transactions, close } = await follow();
    await next();
    const before = transactions();
    for (let frame = 1; frame <= 10; frame += 1) {
      const told = next();
      await write();
      expect(await told).toMatchObject({ __typename: "RunBatch", firstSeq: 2 + frame, lastSeq: 2 + frame });
    }
    expect(transactions() - before).toBe(10);
    await close();
  });

  it("reads on at once where a frame holds no more, and hears what is written while it is told", async () => {
    const { next, write, close } = await follow(700);
    expect(await next()).toMatchObject({ firstSeq: 1, lastSeq: 500 });
    expect(await next()).toMatchObject({ firstSeq: 501, lastSeq: 702 });
    await write();
    expect(await next()).toMatchObject({ firstSeq: 703, lastSeq: 703 });
    await close();
  });

  it("tells the end of a run at once whose last event came before its status, without another hint", async () => {
    const { next, end, close } = await follow();
    expect(await end()).toMatchObject({ __typename: "RunBatch", firstSeq: 1, lastSeq: 3 });
    expect(await next()).toMatchObject({ __typename: "RunEnd", status: "SUCCEEDED", headSeq: 3 });
    await close();
  });
});
