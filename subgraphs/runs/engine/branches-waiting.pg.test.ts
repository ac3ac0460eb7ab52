import { parallel } from "@soma/sdk/branches";
import { graph, replaced } from "@soma/sdk/graph";
import { wait, waitForSignal } from "@soma/sdk/wait";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signalRun } from "../commands/signal-run.ts";
import { RUN_STATUS } from "../domain/run-status.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";

const HALF_AN_HOUR_MS = 1_800_000;

const sleeps = graph("sleeps", 1, { end: replaced("asleep") })
  .node(
    "rest",
    wait((_state, { now }) => new Date(now().getTime() + HALF_AN_HOUR_MS)),
  )
  .edge("rest", "wake")
  .node("wake", { type: "branch", pure: true, run: () => ({ summary: "", patch: { end: "awake" } }) })
  .build(({ end }) => end);
const hears = (name: string) =>
  graph(`hears-${name}`, 1, { end: replaced("") })
    .node(
      "hear",
      waitForSignal(name, { heard: ({ payload }) => ({ summary: "heard", patch: { end: String(payload) } }) }),
    )
    .build(({ end }) => end);
const both = graph("both", 1, { out: replaced("") })
  .node(
    "fan",
    parallel({
      branches: { timer: { graph: sleeps }, left: { graph: hears("left") }, right: { graph: hears("right") } },
      join: ({ timer, left, right }) => ({ summary: "", patch: { out: [timer.end, left.end, right.end].join(" ") } }),
    }),
  )
  .build(({ out }) => out);

const done = Promise.withResolvers<void>();
const works = graph("works", 1, { end: replaced("") })
  .node("work", {
    type: "tool",
    async run() {
      await done.promise;
      return { summary: "worked", patch: { end: "worked" } };
    },
  })
  .build(({ end }) => end);
const mixed = graph("mixed", 1, { out: replaced("") })
  .node(
    "fan",
    parallel({
      branches: { ear: { graph: hears("now") }, hand: { graph: works } },
      join: ({ ear, hand }) => ({ summary: "", patch: { out: `${ear.end} ${hand.end}` } }),
    }),
  )
  .build(({ out }) => out);

describe("branches that wait", () => {
  let harness: EngineHarness;
  beforeAll(async () => {
    harness = await createEngineHarness([both, mixed]);
  });
  afterAll(() => harness.close());

  const kindsOf = async (runId: string, step: string): Promise<string[]> =>
    (await harness.history(runId)).filter(({ node }) => node === step).map(({ kind }) => kind);
  const parked = (runId: string): Promise<boolean> =>
    until(`${runId} is parked`, async () => (await harness.find(runId))?.status === RUN_STATUS.PARKED.code);
  const answerOf = async (runId: string): Promise<unknown> => {
    await harness.finished(runId);
    return (await harness.history(runId)).at(-1)?.payload.answer;
  };
  const signal = (runId: string, name: string, payload: string) =>
    signalRun(harness.database.request, aPrincipal(), { runId, name, payload, idempotencyKey: name });

  it("park their run when all do, and each goes on when its own time or signal has come", async () => {
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "both" });
    await parked(runId);
    await signal(runId, "left", "one");
    await until("left has heard", async () => (await kindsOf(runId, "fan[left]/hear")).includes("STEP_SUCCEEDED"));
    await parked(runId);
    await harness.skipWait(runId, HALF_AN_HOUR_MS);
    await until("the timer has rung", async () => (await kindsOf(runId, "fan[timer]/wake")).length > 0);
    await parked(runId);
    await signal(runId, "right", "two");
    expect(await answerOf(runId)).toBe("awake one two");
    expect(await kindsOf(runId, "fan[left]/hear")).toEqual(["STEP_PARKED", "STEP_WOKEN", "STEP_SUCCEEDED"]);
    await life.close();
  });

  it("hear a signal while another one is at work", async () => {
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "mixed" });
    const begun = async (step: string) => (await kindsOf(runId, step)).length > 0;
    await until(
      "the ear waits and the hand works",
      async () => (await begun("fan[ear]/hear")) && (await begun("fan[hand]/work")),
    );
    await signal(runId, "now", "heard");
    await until("it is heard", async () => (await kindsOf(runId, "fan[ear]/hear")).includes("STEP_SUCCEEDED"));
    expect(await kindsOf(runId, "fan[hand]/work")).toEqual(["STEP_STARTED"]);
    done.resolve();
    expect(await answerOf(runId)).toBe("heard worked");
    await life.close();
  });
});
