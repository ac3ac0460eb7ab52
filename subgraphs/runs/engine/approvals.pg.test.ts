import type { SignalPayload } from "@soma/schemas/run-history";
import { approval } from "@soma/sdk/approval";
import { graph, replaced } from "@soma/sdk/graph";
import type { Principal } from "@soma/shared/identity/principal";
import { newId } from "@soma/shared/ids";
import { transaction } from "@soma/shared/postgres/transaction";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cancelRun } from "../commands/cancel-run.ts";
import { decideApproval } from "../commands/decide-approval.ts";
import { pauseRun } from "../commands/pause-run.ts";
import { RUN_STATUS } from "../domain/run-status.ts";
import { approvalIdOf } from "../domain/wait-names.ts";
import { appendSignal } from "../store/append-signal.ts";
import { expireQuestion } from "../store/expire-question.ts";
import { listOpenQuestions } from "../store/list-open-questions.ts";
import { lockRun } from "../store/lock-run.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";

const HOUR_MS = 3_600_000;
const ada = aPrincipal({ roles: ["assistant", "approver"] });
const bob = aPrincipal({ subject: "user:bob", roles: ["approver"] });

const refund = graph("refund", 1, { told: replaced("") })
  .node(
    "may_refund",
    approval({
      ask: () => ({ question: "Refund 40?", details: { amount: 40 } }),
      until: (_state, { now }) => new Date(now().getTime() + HOUR_MS / 2),
      approved: ({ decidedBy, comment }) => ({ summary: "", patch: { told: `${decidedBy} approved ${comment}` } }),
      refused: ({ decidedBy }) => ({ summary: "", patch: { told: `${decidedBy} refused` } }),
      late: () => ({ summary: "", patch: { told: "late" } }),
    }),
  )
  .build((state) => state.told);

const guarded = graph("guarded", 1, {})
  .node(
    "asks",
    approval({
      ask: () => ({ question: "Sure?" }),
      role: "finance",
      byAnother: true,
      approved: () => ({ summary: "yes" }),
    }),
  )
  .build(() => "done");

const empty = graph("empty", 1, {})
  .node("asks", approval({ ask: () => ({ question: " " }), approved: () => ({ summary: "" }) }))
  .build(() => "");

let harness: EngineHarness;
beforeAll(async () => {
  harness = await createEngineHarness([refund, guarded, empty]);
});
afterAll(() => harness.close());

const decide = (runId: string, approve: boolean, by: Principal = bob, comment: string | null = null) =>
  decideApproval(harness.database.request, by, {
    ...{ approvalId: approvalIdOf(runId, "approval:1.0"), approve, comment, idempotencyKey: newId() },
  });
const asks = (runId: string) =>
  until(`${runId} asks`, async () => (await harness.find(runId))?.status === RUN_STATUS.WAITING_APPROVAL.code);
const kindsOf = async (runId: string): Promise<string[]> => (await harness.history(runId)).map(({ kind }) => kind);
const answerOf = async (runId: string): Promise<unknown> => {
  await harness.finished(runId);
  return (await harness.history(runId)).at(-1)?.payload;
};
/** A run that asks, and no worker. */
async function asking(graphName: string): Promise<{ runId: string }> {
  const { life } = await harness.startWorker();
  const { runId } = await harness.start({ graph: graphName });
  await asks(runId);
  await life.close();
  return { runId };
}
const questionsOf = (runId: string, tenant = "acme") =>
  transaction(harness.database.request, { tenant }, (tx) => listOpenQuestions(tx, { runIds: [runId] }));

describe("a run that asks a person", () => {
  it("waits in nobody's hands, outlasts every process, and goes on with what was decided", async () => {
    const first = await harness.startWorker();
    const { runId } = await harness.start({ graph: "refund" });
    await asks(runId);
    const [open] = await questionsOf(runId);
    expect(open).toMatchObject({
      step: 1,
      payload: { question: "Refund 40?", details: { amount: 40 }, role: "approver" },
    });
    expect(await questionsOf(runId, "other")).toEqual([]);
    await first.kill();
    expect((await decide(runId, true, bob, "go on")).status).toBe(RUN_STATUS.WAITING_APPROVAL.code);
    expect(await questionsOf(runId)).toEqual([]);
    const second = await harness.startWorker();
    expect(await answerOf(runId)).toEqual({ answer: "user:bob approved go on" });
    expect(await kindsOf(runId)).toEqual([
      ...["RUN_STARTED", "APPROVAL_ASKED", "STEP_PARKED"],
      ...["APPROVAL_DECIDED", "STEP_WOKEN", "STEP_SUCCEEDED", "RUN_SUCCEEDED"],
    ]);
    expect((await harness.find(runId))?.recoveries).toBe(0);
    await second.life.close();
  });

  it("hears one decision of two at once, and the other is told who decided what; the same again is answered the same", async () => {
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "refund" });
    await asks(runId);
    const both = await Promise.allSettled([decide(runId, true, ada, "yes"), decide(runId, false, bob)]);
    const lost = both.find((each) => each.status === "rejected");
    expect(both.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const isAdas = both[0]?.status === "fulfilled";
    expect(lost?.reason).toMatchObject({
      code: "ALREADY_DECIDED",
      message: expect.stringContaining(isAdas ? "user:ada approved the question" : "user:bob refused the question"),
    });
    expect(await answerOf(runId)).toEqual({ answer: isAdas ? "user:ada approved yes" : "user:bob refused" });
    await decide(runId, isAdas, isAdas ? ada : bob);
    await expect(decide(runId, isAdas, isAdas ? bob : ada)).rejects.toMatchObject({ code: "ALREADY_DECIDED" });
    expect(await harness.database.owner`select no from signal where run_id = ${runId}`).toHaveLength(1);
    await life.close();
  });

  it("takes no decision when its time is over, nor before it asks, nor after its end", async () => {
    const { life } = await harness.startWorker(1);
    const { runId } = await harness.start({ graph: "refund" });
    await asks(runId);
    await harness.skipWait(runId, HOUR_MS / 2);
    expect(await answerOf(runId)).toEqual({ answer: "late" });
    await expect(decide(runId, true)).rejects.toThrow(/nobody decided the question .* when its time was over/);
    await life.close();
    const later = await harness.start({ graph: "refund" });
    await expect(decide(later.runId, true)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await cancelRun(harness.database.request, ada, { runId: later.runId, idempotencyKey: "c" });
    const second = await harness.startWorker();
    expect((await harness.finished(later.runId)).status).toBe(RUN_STATUS.CANCELED.code);
    await expect(decide(later.runId, true)).rejects.toThrow(/has ended and asks nothing any more/);
    await second.life.close();
  });

  it("is decided by a person who was first although the time was over before it was written", async () => {
    const { runId } = await asking("refund");
    const { request, worker, owner } = harness.database;
    const decision = { runId, tenant: "acme", name: "approval:1.0", payload: { approved: true }, sentBy: "user:bob" };
    const expired = Promise.withResolvers<Promise<SignalPayload>>();
    await transaction(request, { tenant: "acme" }, async (tx) => {
      await lockRun(tx, { runId });
      await appendSignal(tx, { ...decision, idemKey: "k", idemDigest: "" });
      expired.resolve(transaction(worker, {}, (other) => expireQuestion(other, decision)));
      await until("the time waits for the decision", async () => {
        const waiting = await owner`select from pg_locks where not granted and locktype in ('transactionid', 'tuple')`;
        return waiting.length > 0;
      });
    });
    expect(await expired.promise).toMatchObject({ no: 1, payload: { approved: true } });
    expect(await owner`select sent_by from signal where run_id = ${runId}`).toEqual([{ sent_by: "user:bob" }]);
  });

  it("is asked once however often its step is begun, and is still asked after a pause", async () => {
    const { runId } = await asking("refund");
    const ask = (pause: boolean) => pauseRun(harness.database.request, ada, { runId, pause, idempotencyKey: newId() });
    const { life } = await harness.startWorker();
    await ask(true);
    await until("it is paused", async () => (await harness.find(runId))?.status === RUN_STATUS.PAUSED.code);
    expect(await questionsOf(runId)).toHaveLength(1);
    await decide(runId, true, bob, "while it was paused");
    await ask(false);
    expect(await answerOf(runId)).toEqual({ answer: "user:bob approved while it was paused" });
    await life.close();
  });

  it("is answered by whoever has the role it names, and by a person", async () => {
    const { runId } = await asking("guarded");
    const finance = aPrincipal({ subject: "user:fay", roles: ["finance"] });
    const refused: [Principal, RegExp][] = [
      [bob, /user:bob may not act as role "finance"/],
      [aPrincipal({ roles: ["finance"] }), /user:ada started run .* for another person to decide/],
      [{ ...finance, service: "runs" }, /runs asks in the name of user:fay/],
    ];
    for (const [by, why] of refused)
      await expect(decide(runId, true, by)).rejects.toMatchObject({
        ...{ code: "FORBIDDEN", message: expect.stringMatching(why) },
      });
    await expect(decide(runId, true, { ...finance, tenant: "other" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(decide("no-id", true, finance)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await decide(runId, true, finance);
    const { life } = await harness.startWorker();
    expect(await answerOf(runId)).toEqual({ answer: "done" });
    await life.close();
  });

  it("fails by name when it asks nothing", async () => {
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "empty" });
    expect(await answerOf(runId)).toMatchObject({
      error: { code: "BAD_INPUT", message: expect.stringContaining("it needs some") },
    });
    await life.close();
  });

  it("is answered under its own name alone, once, and only when it was asked, whatever a request writes", async () => {
    const { runId } = await asking("refund");
    const { request, owner } = harness.database;
    const forge = (name: string) =>
      transaction(request, { tenant: "acme" }, async (tx) => {
        await tx`update run set signals = signals + 1 where run_id = ${runId}`;
        await tx`insert into signal (run_id, no, tenant, name, payload, sent_by, idem_key, idem_digest)
          select run_id, signals, 'acme', ${name}, '{"approved": true}', 'user:eve', gen_random_uuid(), '' from run where run_id = ${runId}`;
      });
    for (const name of ["approval:2.0", "approval:1.1", `child:${newId("Run")}`])
      await expect(forge(name)).rejects.toMatchObject({ code: "42501" });
    await decide(runId, false);
    await expect(forge("approval:1.0")).rejects.toMatchObject({ code: "23505" });
    expect(await owner`select sent_by from signal where run_id = ${runId}`).toEqual([{ sent_by: "user:bob" }]);
  });
});
