import { once } from "node:events";
import { atMostOnce } from "@soma/sdk/at-most-once";
import { graph, replaced } from "@soma/sdk/graph";
import type { StepContext } from "@soma/sdk/node";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { decideApproval } from "../commands/decide-approval.ts";
import { RUN_STATUS } from "../domain/run-status.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";
import { faultsOf } from "../testing/history-oracle.ts";

/** What happened outside, and what a test lets happen: a payment that hangs has been made before it does. */
const bank = { payments: 0, hangs: true, tells: true };
/** What a step that hears of no stop waits for, and whether the one beside it waits. */
const deaf = { gate: Promise.withResolvers<void>(), besideHangs: true };

const pay = async (_state: unknown, { signal }: StepContext): Promise<{ summary: string; patch: { told: string } }> => {
  bank.payments += 1;
  if (bank.hangs) await once(signal, "abort").then(() => signal.throwIfAborted());
  return { summary: "paid", patch: { told: "paid" } };
};

const payer = (name: string, timeoutMs?: number) =>
  graph(name, 1, { told: replaced("") })
    .node(
      "pay",
      atMostOnce<{ readonly told: string }>({
        type: "payment",
        openMs: 1,
        retry: { maxAttempts: 3, initialMs: 1, maxMs: 1 },
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        run: pay,
        reconcile: () => (bank.tells ? { summary: "found", patch: { told: "the bank has it" } } : undefined),
        done: ({ decidedBy }) => ({ summary: "paid", patch: { told: `${decidedBy} knows` } }),
      }),
    )
    .build(({ told }) => told);

/** Its bank shows a payment only a while after it was asked for it. */
const slow = graph("slow", 1, { told: replaced("") })
  .node(
    "pay",
    atMostOnce<{ readonly told: string }>({
      type: "payment",
      openMs: 600_000,
      run: pay,
      reconcile: () => (bank.tells ? { summary: "found", patch: { told: "the bank has it" } } : "NOT_DONE"),
      done: () => ({ summary: "paid" }),
    }),
  )
  .build(({ told }) => told);

const hearsNothing = graph("deaf", 1, { told: replaced("") })
  .node(
    "pay",
    atMostOnce<{ readonly told: string }>({
      type: "payment",
      async run() {
        bank.payments += 1;
        await deaf.gate.promise;
        return { summary: "paid", patch: { told: "paid" } };
      },
      reconcile: () => ({ summary: "found", patch: { told: "paid" } }),
      done: () => ({ summary: "paid" }),
    }),
  )
  .build(({ told }) => told);

const beside = graph("beside", 1, { told: replaced("") })
  .node("wait", {
    type: "wait",
    async run(_state, { signal }) {
      if (deaf.besideHangs) await once(signal, "abort").then(() => signal.throwIfAborted());
      return { summary: "waited", patch: { told: "waited" } };
    },
  })
  .build(({ told }) => told);

describe("a step that must not be done twice", () => {
  let harness: EngineHarness;
  beforeAll(async () => {
    harness = await createEngineHarness([payer("payer"), payer("hurried", 50), slow, hearsNothing, beside]);
  });
  beforeEach(() => void Object.assign(bank, { payments: 0, hangs: true, tells: true }));
  afterAll(() => harness.close());

  const answerOf = async (runId: string): Promise<unknown> => {
    await harness.finished(runId);
    const history = await harness.history(runId);
    expect(faultsOf(history)).toEqual([]);
    return history.at(-1)?.payload.answer;
  };

  async function dieWhilePaying(name = "payer"): Promise<string> {
    const { kill } = await harness.startWorker();
    const { runId } = await harness.start({ graph: name });
    await until("it pays", async () => bank.payments === 1);
    await kill();
    bank.hangs = false;
    return runId;
  }

  it("is found out about after its process died, and not done again", async () => {
    const runId = await dieWhilePaying();
    const { life } = await harness.startWorker();
    expect(await answerOf(runId)).toBe("the bank has it");
    expect(bank.payments).toBe(1);
    await life.close();
  });

  it.each([
    ["it was done", true, "user:ada knows", 1],
    ["it was not done, and is done then", false, "paid", 2],
  ])("waits for a person where nothing tells: %s", async (_what, approve, answer, payments) => {
    bank.tells = false;
    const runId = await dieWhilePaying();
    const { life, kill } = await harness.startWorker();
    const asked = async () =>
      (await harness.find(runId))?.status === RUN_STATUS.WAITING_APPROVAL.code
        ? (await harness.history(runId)).find(({ kind }) => kind === "APPROVAL_ASKED")
        : undefined;
    const question = await until("it asks", asked);
    expect(question.payload).toMatchObject({ question: expect.stringContaining("Was this done: payment?") });
    // Nor does the death of whoever asked do it again.
    await kill();
    expect(bank.payments).toBe(1);
    const next = await harness.startWorker();
    await decideApproval(harness.database.request, aPrincipal({ roles: ["approver"] }), {
      approvalId: `${runId}.${question.step}.0`,
      approve,
      idempotencyKey: "decided",
    });
    expect(await answerOf(runId)).toBe(answer);
    expect(bank.payments).toBe(payments);
    await Promise.all([life.close(), next.life.close()]);
  });

  it("is not taken for not done while what it called may be at work, whoever dies in between", async () => {
    bank.tells = false;
    const runId = await dieWhilePaying("slow");
    const parked = async () => (await harness.find(runId))?.status === RUN_STATUS.PARKED.code;
    const second = await harness.startWorker();
    await until("it waits", parked);
    const retried = (await harness.history(runId)).find(({ kind }) => kind === "STEP_RETRIED");
    expect(retried?.payload).toMatchObject({ error: { code: "UNAVAILABLE" } });
    await second.kill();
    const third = await harness.startWorker();
    bank.tells = true;
    await harness.skipWait(runId, 600_000);
    expect(await answerOf(runId)).toBe("the bank has it");
    expect(bank.payments).toBe(1);
    await third.life.close();
  });

  it("is let go of by a worker that stops when it has ended, and the runs beside it before", async () => {
    const owner = async () => (await harness.database.owner`select epoch from run where run_id = ${runId}`)[0]?.epoch;
    const first = await harness.startWorker();
    const { runId } = await harness.start({ graph: "deaf" });
    const other = await harness.start({ graph: "beside" });
    await until(
      "both are under way",
      async () => bank.payments === 1 && (await harness.history(other.runId)).length > 1,
    );
    const epoch = await owner();
    deaf.besideHangs = false;
    const second = await harness.startWorker();
    const closed = first.life.close();
    expect(await answerOf(other.runId)).toBe("waited");
    expect(await owner()).toBe(epoch);
    deaf.gate.resolve();
    await closed;
    expect(await answerOf(runId)).toBe("paid");
    expect(bank.payments).toBe(1);
    await second.life.close();
  });

  it("is not begun again when its time ran out", async () => {
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "hurried" });
    expect(await answerOf(runId)).toBe("the bank has it");
    expect(bank.payments).toBe(1);
    await life.close();
  });
});
