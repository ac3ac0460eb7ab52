import { CHAIN_START, type ChainHead, verifyNext } from "@soma/schemas/run-chain";
import { appended, graph } from "@soma/sdk/graph";
import { runKey } from "@soma/sdk/run-key";
import { newId } from "@soma/shared/ids";
import { transaction } from "@soma/shared/postgres/transaction";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rollbackRun } from "../commands/rollback-run.ts";
import { toChained } from "../domain/chain.ts";
import { WORK_WAITS } from "../domain/hints.ts";
import { toSteps } from "../domain/steps.ts";
import { countBadCalls } from "../store/count-bad-calls.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";
import { createGraphRegistry } from "./graphs/graph-registry.ts";

/** Keys under which an effect was made, in order. */
const effects: string[] = [];
/** Second steps that wait, by the order in which they came; none waits while it is undefined. */
let held: (() => void)[] | undefined;

const letters = graph("letters", 1, { log: appended<string>() })
  .node("a", { type: "tool", run: () => effect("a", "a") })
  .node("b", {
    type: "tool",
    async run(_, { run, stepId }) {
      await new Promise<void>((resolve) => (held === undefined ? resolve() : held.push(resolve)));
      return effect("b", `${runKey(run)}:b ${stepId}`);
    },
  })
  .node("c", { type: "tool", run: () => effect("c", "c") })
  .edge("a", "b")
  .edge("b", "c")
  .build(({ log }) => log.join(","));

function effect(word: string, key: string) {
  effects.push(key);
  // The first time the tool fails, as the model would be told.
  const status = effects.filter((known) => known.includes(":b")).length === 1 ? "FAILED" : "SUCCEEDED";
  return { patch: { log: [word] }, output: { status }, summary: `did ${word}` };
}

describe("rollbackRun()", () => {
  let harness: EngineHarness;
  beforeEach(async () => {
    effects.length = 0;
    held = undefined;
    harness = await createEngineHarness([letters]);
  });
  afterEach(async () => {
    for (const release of held ?? []) release();
    await harness.close();
  });

  const rollback = (runId: string, toSeq: number, more: object = {}, principal = aPrincipal()) =>
    rollbackRun(
      {
        sql: harness.database.request,
        admission: harness.admission,
        graphs: createGraphRegistry([letters]),
        now: () => new Date(),
      },
      principal,
      { runId, toSeq, idempotencyKey: newId(), ...more },
    ).finally(() => harness.wakeUp.changed(WORK_WAITS));
  const endOf = async (runId: string, step: number): Promise<number> =>
    (await harness.history(runId)).find((event) => event.kind === "STEP_SUCCEEDED" && event.step === step)?.seq ?? 0;
  const finishedOnce = async (): Promise<string> => {
    const { runId } = await harness.start({ graph: "letters" });
    await harness.finished(runId);
    return runId;
  };
  /** The end of a run's history, verified from its start. */
  async function verifiedEnd(runId: string) {
    const events = await harness.history(runId);
    let head: ChainHead = { seq: 0, hash: CHAIN_START };
    for (const event of events) head = await verifyNext(runId, head, { ...event, ...toChained(event) });
    return events.at(-1);
  }
  const begun = (runId: string, count: number) =>
    until(`${count} second steps of run ${runId} wait`, async () => held?.length === count);

  it("lets a finished run go on: old rows stay, what is done again has new keys and numbers", async () => {
    await harness.startWorker();
    const runId = await finishedOnce();
    const before = await harness.history(runId);
    const toSeq = await endOf(runId, 1);
    const { run, effects: outside } = await rollback(runId, toSeq);
    expect(run).toMatchObject({ status: 0, finishedAt: null });
    expect(outside.map(({ step: { number, nodeId, status } }) => [number, nodeId, status])).toEqual([
      [2, "b", "SUCCEEDED"],
      [3, "c", "SUCCEEDED"],
    ]);
    await harness.finished(runId);
    expect((await verifiedEnd(runId))?.payload.answer).toBe("a,b,c");
    expect((await harness.history(runId)).slice(0, before.length)).toEqual(before);
    expect(effects).toEqual(["a", `${runId}:b ${runId}.2`, "c", `${runId}~1:b ${runId}.4`, "c"]);
    const steps = toSteps(await harness.history(runId));
    expect(steps.map(({ number, nodeId, abandoned }) => [number, nodeId, abandoned])).toEqual([
      [1, "a", false],
      [2, "b", true],
      [3, "c", true],
      [4, "b", false],
      [5, "c", false],
    ]);
    const counted = (at: string) =>
      transaction(harness.database.request, { tenant: at }, (tx) => countBadCalls(tx, { runIds: [runId] }));
    expect(await counted("acme"), "the call that failed was taken back").toEqual(new Map());
  });

  it("changes nothing as a dry run, nor a second time under its key", async () => {
    await harness.startWorker();
    const runId = await finishedOnce();
    const [toSeq, before] = [await endOf(runId, 1), await harness.history(runId)];
    const planned = await rollback(runId, toSeq, { dryRun: true });
    expect(planned.effects.map(({ step: { id, nodeType, summary } }) => [id, nodeType, summary])).toEqual([
      [`${runId}.2`, "tool", "did b"],
      [`${runId}.3`, "tool", "did c"],
    ]);
    expect(await harness.history(runId)).toEqual(before);
    expect((await harness.find(runId))?.status).toBe(10);
    const [first, second] = await Promise.all([1, 2].map(() => rollback(runId, toSeq, { idempotencyKey: "same" })));
    expect(first?.effects).toEqual(second?.effects);
    await harness.finished(runId);
    const kinds = (await harness.history(runId)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "RUN_ROLLED_BACK")).toHaveLength(1);
    await expect(rollback(runId, 1, { idempotencyKey: "same" })).rejects.toMatchObject({
      code: "IDEMPOTENCY_CONFLICT",
    });
    await expect(rollback(runId, toSeq + 1)).rejects.toThrow(/is within a step at event/);
  });

  it("does not do again what is chosen to stand or to be left out, whoever goes on with the run", async () => {
    held = [];
    const worker = await harness.startWorker();
    const { runId } = await harness.start({ graph: "letters" });
    await begun(runId, 1);
    held.pop()?.();
    await harness.finished(runId);
    const onReturn = [
      { stepNumber: 1, onReturn: "REUSE" },
      { stepNumber: 3, onReturn: "STUB" },
    ];
    const went = await rollback(runId, 1, { onReturn, idempotencyKey: "chosen" });
    expect(went.effects.map((effect) => effect.onReturn)).toEqual(["REUSE", "RUN_AGAIN", "STUB"]);
    await begun(runId, 1);
    const killed = worker.kill();
    held.pop()?.();
    held = undefined;
    await killed;
    await harness.startWorker();
    await harness.finished(runId);
    expect((await verifiedEnd(runId))?.payload.answer).toBe("a,b");
    expect(effects.filter((key) => key === "a" || key === "c")).toEqual(["a", "c"]);
    const told = toSteps(await harness.history(runId)).map(({ number, summary }) => [number, summary]);
    expect(told.slice(3)).toEqual([
      [4, "As in step 1: did a"],
      [5, "did b"],
      [6, "Not done, instead of step 3"],
    ]);
    const again = await rollback(runId, 1, { onReturn, idempotencyKey: "chosen" });
    expect(again.effects).toEqual(went.effects);
    const other = rollback(runId, 1, { onReturn: onReturn.slice(1), idempotencyKey: "chosen" });
    await expect(other).rejects.toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
    // What stood for something outside is asked about again.
    const later = await rollback(runId, 1, { dryRun: true });
    expect(later.effects.filter(({ step }) => step.number > 3).map(({ step }) => step.number)).toEqual([4, 5, 6]);
  });

  it("fails a run of which what was to stand is gone", async () => {
    await harness.startWorker();
    const runId = await finishedOnce();
    held = [];
    await rollback(runId, 1, { onReturn: [{ stepNumber: 3, onReturn: "REUSE" }] });
    await begun(runId, 1);
    const gone = { seq: await endOf(runId, 3) };
    await harness.database.owner`delete from journal where run_id = ${runId} and seq = ${gone.seq}`;
    held.pop()?.();
    held = undefined;
    await until("the run has failed", async () => (await harness.find(runId))?.status === 11);
  });

  it("takes a run from its owner in the middle of a step, and refuses what that writes", async () => {
    held = [];
    await harness.startWorker();
    const { runId } = await harness.start({ graph: "letters" });
    await begun(runId, 1);
    const { effects: outside } = await rollback(runId, await endOf(runId, 1));
    expect(outside).toMatchObject([
      { step: { nodeId: "b", status: "RUNNING", number: 2 }, choices: ["RUN_AGAIN", "STUB"] },
    ]);
    await begun(runId, 2);
    const [old, again] = held;
    old?.();
    await until("the old step was done", async () => effects.length === 2);
    again?.();
    await harness.finished(runId);
    expect((await verifiedEnd(runId))?.payload.answer).toBe("a,b,c");
    const ended = (await harness.history(runId)).filter(({ kind }) => kind === "STEP_SUCCEEDED");
    expect(ended.map(({ step }) => step)).toEqual([1, 3, 4]);
    expect((await harness.find(runId))?.recoveries).toBe(0);
  });

  it("puts two at once into one order, and loses none with the worker that goes on", async () => {
    held = [];
    const worker = await harness.startWorker();
    const { runId } = await harness.start({ graph: "letters" });
    await begun(runId, 1);
    await Promise.all([rollback(runId, await endOf(runId, 1)), rollback(runId, 1)]);
    const killed = worker.kill();
    for (const release of held) release();
    held = undefined;
    await killed;
    await harness.startWorker();
    await harness.finished(runId);
    const events = await harness.history(runId);
    expect(events.filter(({ kind }) => kind === "RUN_ROLLED_BACK")).toHaveLength(2);
    expect((await verifiedEnd(runId))?.payload.answer).toBe("a,b,c");
  });

  it("goes back also behind a rollback: what was taken back counts again", async () => {
    await harness.startWorker();
    const runId = await finishedOnce();
    await rollback(runId, 1);
    await harness.finished(runId);
    await rollback(runId, await endOf(runId, 2));
    await harness.finished(runId);
    const steps = toSteps(await harness.history(runId)).filter(({ abandoned }) => !abandoned);
    expect(steps.map(({ number, nodeId }) => [number, nodeId])).toEqual([
      [1, "a"],
      [2, "b"],
      [7, "c"],
    ]);
  });

  it("lets a canceled run go on, and one that was asked to pause", async () => {
    held = [];
    await harness.startWorker();
    const { runId } = await harness.start({ graph: "letters" });
    await begun(runId, 1);
    await transaction(
      harness.database.request,
      { tenant: "acme" },
      (tx) => tx`update run set control = 3 where run_id = ${runId}`,
    );
    await rollback(runId, await endOf(runId, 1));
    await begun(runId, 2);
    for (const release of held) release();
    expect((await harness.finished(runId)).status).toBe(10);
  });

  it("is for the tenant and the role of the run alone, through the two functions as well", async () => {
    await harness.startWorker();
    const runId = await finishedOnce();
    await expect(rollback(runId, 1, {}, aPrincipal({ tenant: "other" }))).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(rollback(runId, 1, {}, aPrincipal({ roles: [] }))).rejects.toMatchObject({ code: "FORBIDDEN" });
    const { request } = harness.database;
    const theirs = await transaction(request, { tenant: "other" }, async (tx) => {
      const [seized] = await tx<{ done: boolean }[]>`select seize_run(${runId}, now()) as done`;
      const [appended] = await tx<
        { done: boolean }[]
      >`select append_rollback(${runId}, 99, now(), '{}', '', '') as done`;
      return [seized?.done, appended?.done];
    });
    expect(theirs).toEqual([false, false]);
    // Nor may one be written for which the run was not taken.
    const mine = await transaction(request, { tenant: "acme" }, (tx) => {
      const newest = tx`(select max(seq) + 1 from journal where run_id = ${runId})`;
      return tx`select append_rollback(${runId}, ${newest}, now(), '{}', '', '') as done`;
    });
    expect(mine).toMatchObject([{ done: false }]);
    expect((await harness.find(runId))?.status).toBe(10);
  });
});
