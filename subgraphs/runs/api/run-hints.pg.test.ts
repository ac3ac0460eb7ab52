import { graph, replaced } from "@soma/sdk/graph";
import { createSilentLog } from "@soma/shared/log";
import { countTransactions } from "@soma/shared/testing/count-transactions";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { createWakeUp } from "@soma/shared/wake-up";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";
import { followRunEvents } from "./run-events.ts";
import { createRunHints } from "./run-hints.ts";

const single = graph("single", 1, { done: replaced("") })
  .node("only", { type: "answer", pure: true, run: () => ({ summary: "done", patch: { done: "yes" } }) })
  .build((state) => state.done);

describe("createRunHints()", () => {
  let harness: EngineHarness;
  const closers: (() => Promise<void> | void)[] = [];
  beforeEach(async () => {
    harness = await createEngineHarness([single]);
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
    await harness.close();
  });

  function start(everyMs: number) {
    const looking = countTransactions(harness.database.request);
    const reading = countTransactions(harness.database.request);
    const wakeUp = createWakeUp();
    const lostHints = createRunHints({ sql: looking.sql, wakeUp, log: createSilentLog(), everyMs });
    closers.push(lostHints.close);
    const deps = { sql: reading.sql, wakeUp, lostHints, now: () => new Date() };
    function follow(runId: string): string[] {
      const seen: string[] = [];
      const controller = new AbortController();
      const frames = followRunEvents(deps, aPrincipal(), { runId, afterSeq: 0 }, controller.signal);
      const work = (async () => {
        for await (const { __typename } of frames) seen.push(__typename);
      })();
      closers.push(() => {
        controller.abort();
        return work;
      });
      return seen;
    }
    return { looks: looking.transactions, reads: reading.transactions, follow };
  }

  it("looks after all who follow quiet runs at once; they themselves read nothing", async () => {
    const runs = [await harness.start({ graph: "single" }), await harness.start({ graph: "single" })];
    const { looks, reads, follow } = start(20);
    const followers = Array.from({ length: 200 }, (_, index) => follow(runs[index % 2]?.runId ?? ""));
    await until("all have what there is", () => followers.every((seen) => seen.includes("RunBatch")));
    const settledAt = looks() + 10;
    await until("the first looks are over", () => looks() > settledAt);
    const before = reads();
    await until("it looked a hundred times", () => looks() > settledAt + 100);
    expect(reads()).toBe(before);
  });

  it("looks at nothing while nobody follows anything", async () => {
    const { runId } = await harness.start({ graph: "single" });
    const { looks, follow } = start(5);
    follow(runId);
    await until("it looks", () => looks() > 2);
    for (const close of closers.splice(1)) await close();
    const before = looks();
    await harness.start({ graph: "single" });
    await until("a few times could have been", async () => {
      await harness.find(runId);
      return true;
    });
    expect(looks() - before).toBeLessThanOrEqual(1);
  });

  it("is not asked to look after what is no run", async () => {
    const watched: string[] = [];
    const lostHints = {
      watch(_tenant: string, runId: string) {
        watched.push(runId);
        return () => {};
      },
    };
    const deps = { sql: harness.database.request, wakeUp: createWakeUp(), lostHints, now: () => new Date() };
    const frames = followRunEvents(deps, aPrincipal(), { runId: "nonsense", afterSeq: 0 }, AbortSignal.timeout(60_000));
    await expect(frames.next()).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(watched).toEqual([]);
  });

  it("finds what no hint told", async () => {
    const { runId } = await harness.start({ graph: "single" });
    const { looks, follow } = start(20);
    const seen = follow(runId);
    await until("the follower waits", () => seen.length > 0 && looks() > 3);
    await harness.startWorker();
    await until("it has the end", () => seen.includes("RunEnd"));
  });
});
