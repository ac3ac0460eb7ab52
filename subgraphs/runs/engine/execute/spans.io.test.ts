import { payloadOf } from "@soma/schemas/run-history";
import { graph } from "@soma/sdk/graph";
import { StepError } from "@soma/sdk/step-error";
import { readSettings } from "@soma/shared/config";
import { createSilentLog } from "@soma/shared/log";
import { keepSpans } from "@soma/shared/testing/spans";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import type { ClaimedRun } from "../../store/claim-runs.ts";
import { memoryPorts } from "../../testing/simulation/memory-ports.ts";
import { MemoryStore } from "../../testing/simulation/memory-store.ts";
import { createCommitBatcher } from "../journal/commit-batcher.ts";
import { executeRun } from "./execute-run.ts";
import { createRunContext, type RunContext } from "./run-context.ts";
import { runLimitSettings } from "./run-limits.ts";

const kept = keepSpans();
afterAll(() => kept.close());
beforeEach(() => void kept.spans.splice(0));

const TRACE = "ab".repeat(16);
const log = createSilentLog();
const limits = readSettings(runLimitSettings, {});
const children = { start: () => Promise.reject(new Error("it starts no other")) };

/** What an attempt does, in a process that may end. */
type Act = (attempt: number, process: RunContext) => void;

/** A run of one step, which is claimed by one process after the other. */
function aRun(act: Act) {
  const store = new MemoryStore({ now: Date.now });
  const payer = (process?: RunContext) =>
    graph("payer", 1, {})
      .node("pay", {
        type: "tool",
        retry: { maxAttempts: 3, initialMs: 1, maxMs: 1 },
        run(_state, { attempt }) {
          if (process !== undefined) act(attempt, process);
          return { summary: "paid" };
        },
      })
      .build(() => "paid");
  const run = store.start(payer(), { deadline: new Date(Date.now() + 60_000) });
  run.traceParent = `00-${TRACE}-${"cd".repeat(8)}-01`;
  return {
    /** What one process does with the run, until that is over or it dies. */
    async live(): Promise<void> {
      const owner = store.register();
      const [claimed] = store.claim(owner);
      const ports = memoryPorts(store, owner, async (ask) => ask());
      const services = () => ({}) as never;
      const context = createRunContext({ run: claimed as ClaimedRun, services, log, now: () => new Date() });
      const parts = { graph: payer(context), batcher: createCommitBatcher({ commits: ports, log }), records: ports };
      const living = executeRun({ ...parts, context, limits, children, onCommitted() {} });
      if (await living.then(() => false, context.lost)) store.takeOver(owner);
    },
    rows(kind: "STEP_RETRIED" | "STEP_FAILED" | "STEP_SUCCEEDED"): string[] {
      const rows = store.history(run.runId).filter((event) => event.kind === kind);
      return rows.map(({ payload }) => payloadOf(kind, payload).spanId);
    },
    runId: run.runId,
  };
}

const steps = () => kept.spans.filter(({ name }) => name === "step tool");
const ids = () => steps().map(({ id }) => id);
const links = () => steps().map((span) => span.links);
const to = (id: string | undefined) => [`${TRACE}/${id}`];
const fail = (): never => {
  throw new StepError("STEP_FAILED", "the bank is closed");
};

describe("executeRun() traces", () => {
  it("each attempt of a step as a span of its own, linked to the one before it, which the history names", async () => {
    const run = aRun(fail);
    await run.live();
    const [first, second, third] = ids();
    expect(links()).toEqual([[], to(first), to(second)]);
    expect(run.rows("STEP_RETRIED")).toEqual([first, second]);
    expect(run.rows("STEP_FAILED")).toEqual([third]);
    const whole = kept.spans.at(-1);
    expect([whole?.name, whole?.id]).toEqual(["run payer", steps()[0]?.parent]);
    const durable = { "durable.run.id": run.runId, "durable.recoveries": 0 };
    expect(whole?.attributes).toEqual({ ...durable, "soma.tenant": "acme" });
    const step = { ...durable, "durable.step": 1, "durable.node": "pay" };
    expect(steps().map(({ attributes }) => attributes)).toEqual(
      [1, 2, 3].map((n) => ({ ...step, "durable.attempt": n })),
    );
  });

  it("an attempt of another process as linked to the last one that the history tells of", async () => {
    const run = aRun((attempt, process) => {
      if (attempt === 2) process.lose("it dies");
      if (attempt < 3) fail();
    });
    await run.live();
    await run.live();
    const [first, second, third] = ids();
    expect([run.rows("STEP_RETRIED"), run.rows("STEP_SUCCEEDED")]).toEqual([[first], [third]]);
    expect(second).not.toBe(first);
    expect(links()).toEqual([[], to(first), to(first)]);
    expect(steps().map(({ attributes }) => attributes["durable.recoveries"])).toEqual([0, 0, 1]);
  });
});
