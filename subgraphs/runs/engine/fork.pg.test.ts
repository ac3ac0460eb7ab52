import { CHAIN_START, type ChainHead, verifyNext } from "@soma/schemas/run-chain";
import { appended, graph, replaced } from "@soma/sdk/graph";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { forkRun } from "../commands/fork-run.ts";
import { planFork } from "../commands/plan-fork.ts";
import { toChained } from "../domain/chain.ts";
import { WORK_WAITS } from "../domain/hints.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";
import { createGraphRegistry } from "./graphs/graph-registry.ts";

/** Ids of steps whose effect was made, in order; the second step of a run waits while `held` is there. */
const calls: string[] = [];
let held: { release(): void; waiting: Promise<void> } | undefined;

const three = graph("three", 1, { log: appended<string>(), done: replaced(false) })
  .node("a", { type: "tool", run: (_, { stepId, run }) => note(stepId, String(run.input.text)) })
  .node("b", {
    type: "tool",
    async run(_, { stepId, run }) {
      await held?.waiting;
      return note(stepId, String(run.input.text));
    },
  })
  .node("c", { type: "tool", run: (_, { stepId }) => ({ ...note(stepId, "c"), patch: { log: ["c"], done: true } }) })
  .edge("a", "b")
  .edge("b", "c")
  .build(({ log }) => log.join(","));

const many = graph("many", 1, { count: replaced(0) })
  .node("more", { type: "tool", run: ({ count }) => ({ patch: { count: count + 1 }, summary: "one more" }) })
  .node("end", { type: "tool", run: () => ({ summary: "done" }) })
  .when("more", ["more", "end"], ({ count }) => (count < 17 ? "more" : "end"))
  .build(() => "done");

function note(stepId: string, word: string) {
  calls.push(stepId);
  return { patch: { log: [word] }, summary: word };
}

async function verified(harness: EngineHarness, runId: string): Promise<number> {
  let head: ChainHead = { seq: 0, hash: CHAIN_START };
  for (const event of await harness.history(runId))
    head = await verifyNext(runId, head, { ...event, ...toChained(event) });
  return head.seq;
}

describe("forkRun()", () => {
  let harness: EngineHarness;
  beforeEach(async () => {
    calls.length = 0;
    held = undefined;
    harness = await createEngineHarness([three, many]);
  });
  afterEach(() => harness.close());

  const fork = (runId: string, atSeq: number, more: object = {}, principal = aPrincipal()) =>
    forkRun(
      {
        sql: harness.database.request,
        admission: harness.admission,
        graphs: createGraphRegistry([three, many]),
        now: () => new Date(),
      },
      principal,
      {
        ...{ runId, atSeq, idempotencyKey: `${runId}/${atSeq}`, ...more },
      },
    ).finally(() => harness.wakeUp.changed(WORK_WAITS));
  const plan = (runId: string, atSeq: number, input?: unknown, principal = aPrincipal()) =>
    planFork({ sql: harness.database.request, graphs: createGraphRegistry([three, many]) }, principal, {
      ...{ runId, atSeq, input },
    });
  const answer = async (runId: string): Promise<unknown> => (await harness.history(runId)).at(-1)?.payload.answer;
  /** Number of the event that ended a step. */
  const endOf = async (runId: string, step: number): Promise<number> =>
    (await harness.history(runId)).find((event) => event.kind === "STEP_SUCCEEDED" && event.step === step)?.seq ?? 0;

  it("goes on from the end of a step with another input: one chain, nothing copied, nothing before it done again", async () => {
    await harness.startWorker();
    const parent = await harness.start({ graph: "three", priority: 2 });
    await harness.finished(parent.runId);
    const before = await harness.history(parent.runId);
    const atSeq = await endOf(parent.runId, 1);

    const row = await fork(parent.runId, atSeq, { input: { text: "other" } });
    expect(row).toMatchObject({
      forkedFromRunId: parent.runId,
      forkedFromSeq: atSeq,
      priority: 2,
      input: { text: "other" },
    });
    expect(row.sessionId).not.toBe(parent.sessionId);
    await harness.finished(row.runId);

    expect(await answer(row.runId)).toBe("hello,other,c");
    expect(calls).toEqual([1, 2, 3].map((n) => `${parent.runId}.${n}`).concat([2, 3].map((n) => `${row.runId}.${n}`)));
    const history = await harness.history(row.runId);
    expect(history.slice(0, atSeq)).toEqual(before.slice(0, atSeq));
    expect(history[atSeq]).toMatchObject({ kind: "RUN_FORKED", runId: row.runId, seq: atSeq + 1 });
    expect(await verified(harness, row.runId)).toBe(history.length);
    expect(await harness.history(parent.runId)).toEqual(before);
    const own = await harness.database.owner`select seq from journal where run_id = ${row.runId} order by seq`;
    expect(own[0]).toEqual({ seq: atSeq + 1 });
  });

  it("does what its plan told, and no other effect, from the start and from the end of each step", async () => {
    await harness.startWorker();
    const parent = await harness.start({ graph: "three" });
    await harness.finished(parent.runId);
    const end = (step: number): Promise<number> => endOf(parent.runId, step);
    for (const [at, expected] of [
      [1, ["a", "b", "c"]],
      [await end(1), ["b", "c"]],
      [await end(2), ["c"]],
      [await end(3), []],
    ] as const) {
      const planned = await plan(parent.runId, at, { text: "other" });
      expect(planned.map(({ step }) => [step.nodeId, step.status])).toEqual(
        expected.map((node) => [node, "SUCCEEDED"]),
      );
      calls.length = 0;
      const { runId } = await fork(parent.runId, at, { input: { text: "other" } });
      await harness.finished(runId);
      expect(calls).toEqual(planned.map(({ step }) => `${runId}.${step.number}`));
    }
  });

  it("lets stand what the other run came to, also that which it had from another one itself", async () => {
    await harness.startWorker();
    const parent = await harness.start({ graph: "three" });
    await harness.finished(parent.runId);
    const child = await fork(parent.runId, await endOf(parent.runId, 2));
    await harness.finished(child.runId);
    calls.length = 0;
    const onReturn = [2, 3].map((stepNumber) => ({ stepNumber, onReturn: "REUSE" as const }));
    const asked = { input: { text: "other" }, onReturn, idempotencyKey: "stands" };
    const { runId } = await fork(child.runId, await endOf(parent.runId, 1), asked);
    await harness.finished(runId);
    expect(calls).toEqual([]);
    expect(await answer(runId)).toBe(await answer(child.runId));
    expect((await fork(child.runId, await endOf(parent.runId, 1), asked)).runId).toBe(runId);
    const otherwise = fork(child.runId, await endOf(parent.runId, 1), { ...asked, onReturn: onReturn.slice(1) });
    await expect(otherwise).rejects.toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
    const never = fork(child.runId, 1, { onReturn: [{ stepNumber: 9, onReturn: "STUB" }] });
    await expect(never).rejects.toMatchObject({ code: "BAD_INPUT" });
  });

  it("is planned without a trace, also at events that a fork took over, and refused as it would be", async () => {
    await harness.startWorker();
    const parent = await harness.start({ graph: "three" });
    await harness.finished(parent.runId);
    const [one, two] = [await endOf(parent.runId, 1), await endOf(parent.runId, 2)];
    const child = await fork(parent.runId, two);
    await harness.finished(child.runId);
    const before = await harness.history(child.runId);
    const runs = async () => [...(await harness.database.owner`select run_id from run`)];
    const known = await runs();
    expect((await plan(child.runId, one)).map(({ step }) => step.id)).toEqual([
      `${parent.runId}.2`,
      `${child.runId}.3`,
    ]);
    expect(await harness.history(child.runId)).toEqual(before);
    expect(await runs()).toEqual(known);
    await expect(plan(child.runId, one + 1)).rejects.toThrow(/is within a step at event/);
    await expect(plan(child.runId, one, 7)).rejects.toMatchObject({ code: "BAD_INPUT" });
    const [nobody, stranger] = [aPrincipal({ roles: [] }), aPrincipal({ tenant: "other" })];
    await expect(plan(child.runId, one, undefined, nobody)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(plan(child.runId, one, undefined, stranger)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("forks a run in the middle of a step, which does not notice", async () => {
    let release = (): void => {};
    held = { waiting: new Promise((resolve) => (release = resolve)), release: () => release() };
    await harness.startWorker();
    const parent = await harness.start({ graph: "three" });
    await until("its second step has begun", async () =>
      (await harness.history(parent.runId)).some(({ kind, step }) => kind === "STEP_STARTED" && step === 2),
    );
    const row = await fork(parent.runId, await endOf(parent.runId, 1));
    release();
    for (const { runId } of [parent, row]) expect((await harness.finished(runId)).status).toBe(10);
    expect(await answer(parent.runId)).toBe("hello,hello,c");
    expect(await answer(row.runId)).toBe("hello,hello,c");
    expect(await verified(harness, row.runId)).toBeGreaterThan(0);
  });

  it("forks a fork, at events of its own and at those it took over", async () => {
    await harness.startWorker();
    const parent = await harness.start({ graph: "three" });
    await harness.finished(parent.runId);
    const first = await fork(parent.runId, await endOf(parent.runId, 1), { input: { text: "first" } });
    await harness.finished(first.runId);
    const own = await fork(first.runId, await endOf(first.runId, 2), { input: { text: "own" } });
    const taken = await fork(first.runId, await endOf(parent.runId, 1), { input: { text: "taken" } });
    for (const { runId } of [own, taken]) await harness.finished(runId);
    expect(await answer(own.runId)).toBe("hello,first,c");
    expect(await answer(taken.runId)).toBe("hello,taken,c");
    expect([own.forkedFromRunId, taken.forkedFromRunId]).toEqual([first.runId, parent.runId]);
    expect(await verified(harness, own.runId)).toBeGreaterThan(0);
  });

  it("refuses what is no checkpoint and names the nearest, and another body under a key", async () => {
    await harness.startWorker();
    const parent = await harness.start({ graph: "three" });
    await harness.finished(parent.runId);
    const [one, two] = [await endOf(parent.runId, 1), await endOf(parent.runId, 2)];
    await expect(fork(parent.runId, one + 1)).rejects.toThrow(
      `run ${parent.runId} is within a step at event ${one + 1}; it can go on from its start and from the end of a step: nearest are ${one} and ${two}`,
    );
    await expect(fork(parent.runId, 99)).rejects.toThrow(/has no event 99; its newest is/);
    const [a, b] = await Promise.all([fork(parent.runId, one), fork(parent.runId, one)]);
    expect(a.runId).toBe(b.runId);
    await expect(fork(parent.runId, two, { idempotencyKey: `${parent.runId}/${one}` })).rejects.toMatchObject({
      code: "IDEMPOTENCY_CONFLICT",
    });
  });

  it("refuses a fork of a fork of a fork without end, and reads one that is as deep as it may be", async () => {
    await harness.startWorker();
    let deepest = await harness.start({ graph: "many" });
    for (let step = 1; step < 16; step += 1) {
      await harness.finished(deepest.runId);
      deepest = await fork(deepest.runId, await endOf(deepest.runId, step));
    }
    await harness.finished(deepest.runId);
    const [last, before] = [await endOf(deepest.runId, 16), await endOf(deepest.runId, 15)];
    await expect(fork(deepest.runId, last)).rejects.toThrow(/16 times over at event/);
    await expect(fork(deepest.runId, before)).resolves.toMatchObject({ forkedFromSeq: before });
    expect(await verified(harness, deepest.runId)).toBe((await harness.history(deepest.runId)).length);
  });

  it("is of a run of the caller's tenant and role only, whoever writes the row", async () => {
    const parent = await harness.start({ graph: "three" });
    await expect(fork(parent.runId, 1, {}, aPrincipal({ tenant: "other" }))).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await expect(fork(parent.runId, 1, {}, aPrincipal({ roles: [] }))).rejects.toMatchObject({ code: "FORBIDDEN" });
    const theirs = await harness.start({ graph: "three" }, aPrincipal({ tenant: "other" }));
    const { owner } = harness.database;
    await expect(
      owner`update run set forked_from_run_id = ${parent.runId}, forked_from_seq = 1 where run_id = ${theirs.runId}`.execute(),
    ).rejects.toMatchObject({ code: "23503" });
  });
});
