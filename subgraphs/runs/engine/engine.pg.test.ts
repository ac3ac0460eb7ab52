import { verifyNext } from "@soma/schemas/run-chain";
import { appended, graph, replaced } from "@soma/sdk/graph";
import { stoppable } from "@soma/shared/graphql/stoppable";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { followRunEvents, readRunPage } from "../api/run-events.ts";
import { cancelRun } from "../commands/cancel-run.ts";
import { toChained } from "../domain/chain.ts";
import type { HistoryEvent } from "../domain/history.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";

/** What the graphs of this file did outside, by run: the ledger that tells how often an effect happened. */
const effects: string[] = [];
const never = new AbortController().signal;
let gate: { reached: Promise<void>; open(): void; pass(): Promise<void> };

function createGate() {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  return {
    reached: reached.promise,
    open: opened.resolve,
    pass() {
      reached.resolve();
      return opened.promise;
    },
  };
}

const counting = graph("counting", 1, { trail: appended<string>(), left: replaced(3) })
  .node("begin", { type: "recall", run: () => ({ summary: "began", patch: { trail: ["begin"] } }) })
  .node("loop", {
    type: "branch",
    pure: true,
    run: (state) => ({ summary: "counted", patch: { trail: [`loop${state.left}`], left: state.left - 1 } }),
  })
  .node("end", { type: "answer", pure: true, run: () => ({ summary: "ended", patch: { trail: ["end"] } }) })
  .edge("begin", "loop")
  .when("loop", ["loop", "end"], (state) => (state.left > 0 ? "loop" : "end"))
  .build((state) => state.trail.join(" "));

const gated = graph("gated", 1, { done: replaced("") })
  .node("first", {
    type: "tool",
    run: (_state, { run }) => {
      effects.push(`first ${run.runId}`);
      return { summary: "first" };
    },
  })
  .node("slow", {
    type: "tool",
    async run(_state, { run, signal, streams, stepId, attempt }) {
      streams.start({ stream: `${stepId}.${attempt}`, callId: "c", contentType: "text/plain" });
      streams.data(`${stepId}.${attempt}`, "half");
      await Promise.race([
        gate.pass(),
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
      ]);
      effects.push(`slow ${run.runId}`);
      return { summary: "slow", patch: { done: "yes" } };
    },
  })
  .edge("first", "slow")
  .build((state) => state.done);

async function expectWholeChain(runId: string, events: readonly HistoryEvent[]): Promise<void> {
  let head = { seq: 0, hash: "0".repeat(64) };
  for (const event of events)
    head = await verifyNext(runId, head, {
      ...toChained(event),
      payload: event.payload,
      payloadHash: event.payloadHash,
      hash: event.hash,
    });
  expect(head.seq).toBe(events.length);
}

function expectOneEndPerStart(events: readonly HistoryEvent[]): void {
  const starts = events.filter((e) => e.kind === "STREAM_START").map((e) => e.payload.stream);
  const ends = events.filter((e) => e.kind === "STREAM_END").map((e) => e.payload.stream);
  expect(ends.toSorted()).toEqual(starts.toSorted());
}

describe("engine", () => {
  let harness: EngineHarness;

  beforeEach(async () => {
    effects.length = 0;
    gate = createGate();
    harness = await createEngineHarness([counting, gated]);
  });
  afterEach(() => harness.close());

  it("executes a graph to its answer, with a contiguous chained history", async () => {
    await harness.startWorker();
    const run = await harness.start({ graph: "counting" });
    expect((await harness.finished(run.runId)).status).toBe(10);
    const events = await harness.history(run.runId);
    expect(events.at(-1)?.payload).toEqual({ answer: "begin loop3 loop2 loop1 end" });
    await expectWholeChain(run.runId, events);
  });

  it("gives a run whose worker died to another, without repeating a finished step", async () => {
    const first = await harness.startWorker();
    const run = await harness.start({ graph: "gated" });
    await until("the stream has begun", async () =>
      (await harness.history(run.runId)).some((event) => event.kind === "STREAM_DATA"),
    );
    await first.kill();
    gate = createGate();
    gate.open();
    await harness.startWorker();
    expect((await harness.finished(run.runId)).recoveries).toBe(1);
    expect(effects).toEqual([`first ${run.runId}`, `slow ${run.runId}`]);
    const events = await harness.history(run.runId);
    expect(events.map((event) => event.kind)).toContain("RUN_RECOVERED");
    expect(events.filter((e) => e.kind === "STREAM_END").map((e) => e.payload.status)).toEqual(["INTERRUPTED", "OK"]);
    expectOneEndPerStart(events);
    await expectWholeChain(run.runId, events);
  });

  it("hands runs back on an orderly stop, without counting a recovery", async () => {
    const first = await harness.startWorker();
    const run = await harness.start({ graph: "gated" });
    await gate.reached;
    await first.life.close();
    gate = createGate();
    gate.open();
    await harness.startWorker();
    expect((await harness.finished(run.runId)).recoveries).toBe(0);
    expect(effects).toEqual([`first ${run.runId}`, `slow ${run.runId}`]);
  });

  it("refuses what a worker writes after its run was taken away", async () => {
    const zombie = await harness.startWorker();
    const run = await harness.start({ graph: "gated" });
    await gate.reached;
    const owner = await harness.database.owner<{ worker_id: string; no: number }[]>`select worker_id, no from worker`;
    await harness.database
      .worker`select take_over_worker(${owner[0]?.no ?? 0}::int, ${owner[0]?.worker_id ?? ""}::uuid)`;
    const before = (await harness.history(run.runId)).length;
    gate.open();
    await zombie.life.lost;
    expect(await harness.history(run.runId)).toHaveLength(before);
    gate = createGate();
    gate.open();
    await harness.startWorker();
    await harness.finished(run.runId);
    await expectWholeChain(run.runId, await harness.history(run.runId));
  });

  it("cancels a run in the middle of a step, and one that waits in line", async () => {
    await harness.startWorker(1);
    const running = await harness.start({ graph: "gated" });
    await gate.reached;
    const waiting = await harness.start({ graph: "counting" });
    for (const { runId } of [waiting, running])
      await cancelRun(harness.database.request, aPrincipal(), {
        runId,
        reason: "no longer needed",
        idempotencyKey: "k",
      });
    expect((await harness.finished(running.runId)).status).toBe(12);
    expect((await harness.finished(waiting.runId)).status).toBe(12);
    const events = await harness.history(running.runId);
    expect(events.slice(-3).map((event) => event.kind)).toEqual(
      expect.arrayContaining(["STEP_CANCELED", "RUN_CANCELED"]),
    );
    expect(events.at(-1)?.payload).toEqual({ reason: "no longer needed" });
    expect(effects).toEqual([`first ${running.runId}`]);
    expectOneEndPerStart(events);
  });

  it("runs one run of a session after the other, and other sessions beside it", async () => {
    await harness.startWorker();
    const first = await harness.start({ graph: "gated" });
    await gate.reached;
    const second = await harness.start({ graph: "counting", sessionId: first.sessionId });
    const other = await harness.start({ graph: "counting" });
    await harness.finished(other.runId);
    expect((await harness.find(second.runId))?.status).toBe(0);
    gate.open();
    await harness.finished(second.runId);
    const [one, two] = await Promise.all([harness.history(first.runId), harness.history(second.runId)]);
    expect(one.at(-1)?.at.getTime()).toBeLessThanOrEqual(two[1]?.at.getTime() ?? 0);
  });

  it("gives each run to one worker only, whatever their number", async () => {
    await Promise.all([harness.startWorker(), harness.startWorker(), harness.startWorker()]);
    const runs = await Promise.all(Array.from({ length: 60 }, () => harness.start({ graph: "counting" })));
    for (const { runId } of runs) {
      await harness.finished(runId);
      const events = await harness.history(runId);
      expect(events.filter((event) => event.kind === "RUN_SUCCEEDED")).toHaveLength(1);
      await expectWholeChain(runId, events);
    }
  });
});

describe("followRunEvents()", () => {
  let harness: EngineHarness;

  beforeEach(async () => {
    gate = createGate();
    harness = await createEngineHarness([counting, gated]);
  });
  afterEach(() => harness.close());

  const lostHints = { watch: () => () => {} };
  const deps = () => ({ sql: harness.database.request, wakeUp: harness.wakeUp, lostHints, now: () => new Date() });

  it("delivers history and the live tail without a gap, then the end", async () => {
    await harness.startWorker();
    const run = await harness.start({ graph: "gated" });
    await gate.reached;
    const seen: HistoryEvent[] = [];
    for await (const frame of followRunEvents(deps(), aPrincipal(), { runId: run.runId, afterSeq: 0 }, never)) {
      if (frame.__typename === "RunBatch") seen.push(...frame.events);
      if (seen.some((event) => event.kind === "STREAM_DATA")) gate.open();
      if (frame.__typename === "RunEnd") expect(frame).toMatchObject({ status: "SUCCEEDED", headSeq: seen.length });
    }
    expect(seen.map((event) => event.seq)).toEqual(seen.map((_event, index) => index + 1));
    await expectWholeChain(run.runId, seen);
  });

  it("goes on from a cursor with the hash before it, and refuses one that does not exist", async () => {
    await harness.startWorker();
    const run = await harness.start({ graph: "counting" });
    await harness.finished(run.runId);
    const all = await harness.history(run.runId);
    const frames = await Array.fromAsync(
      followRunEvents(deps(), aPrincipal(), { runId: run.runId, afterSeq: 3 }, never),
    );
    expect(frames[0]).toMatchObject({
      __typename: "RunBatch",
      firstSeq: 4,
      lastSeq: all.length,
      prevHash: all[2]?.hash,
    });
    await expect(
      followRunEvents(deps(), aPrincipal(), { runId: run.runId, afterSeq: 999 }, never).next(),
    ).rejects.toMatchObject({ code: "CURSOR_INVALID" });
  });

  it("shows another tenant nothing", async () => {
    const run = await harness.start({ graph: "counting" });
    const stranger = aPrincipal({ tenant: "other" });
    await expect(
      followRunEvents(deps(), stranger, { runId: run.runId, afterSeq: 0 }, never).next(),
    ).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(
      readRunPage(harness.database.request, stranger, { runId: run.runId, afterSeq: 0, limit: 10 }),
    ).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(
      cancelRun(harness.database.request, stranger, { runId: run.runId, idempotencyKey: "k" }),
    ).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await harness.find(run.runId, "other")).toBeUndefined();
  });

  it("ends at once when its reader leaves a quiet run", async () => {
    const run = await harness.start({ graph: "counting" });
    const noHeartbeat = { ...deps(), now: () => new Date(0) };
    const frames = stoppable((signal) =>
      followRunEvents(noHeartbeat, aPrincipal(), { runId: run.runId, afterSeq: 0 }, signal),
    );
    await frames.next();
    const waiting = frames.next();
    await frames.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });
});
