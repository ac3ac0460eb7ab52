import { isErased } from "@soma/schemas/erased-payload";
import { approval } from "@soma/sdk/approval";
import { graph, replaced } from "@soma/sdk/graph";
import { runAgent } from "@soma/sdk/run-agent";
import { StepError } from "@soma/sdk/step-error";
import { waitForSignal } from "@soma/sdk/wait";
import { newId } from "@soma/shared/ids";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cancelRun } from "../commands/cancel-run.ts";
import { decideApproval } from "../commands/decide-approval.ts";
import { eraseRun } from "../commands/erase-run.ts";
import { forkRun } from "../commands/fork-run.ts";
import { holdRun } from "../commands/hold-run.ts";
import { releaseHold } from "../commands/release-hold.ts";
import { rollbackRun } from "../commands/rollback-run.ts";
import { signalRun } from "../commands/signal-run.ts";
import { RUN_STATUS } from "../domain/run-status.ts";
import { orderErasure } from "../store/order-erasure.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";
import { verifiedHead } from "../testing/verified.ts";
import { createGraphRegistry } from "./graphs/graph-registry.ts";

const SECRET = "heliotrope-4711";
const custodian = aPrincipal({ subject: "user:carol", roles: ["custodian"] });
const ada = aPrincipal({ roles: ["assistant", "approver"] });
const why = { reason: "request 12 of the person concerned", idempotencyKey: "k" };

/** Streams, fails once, calls a run of its own, hears a signal and asks a person: all of it about what it was given. */
const tells = graph("tells", 1, { told: replaced("") })
  .node("speaks", {
    type: "model",
    retry: { maxAttempts: 2, initialMs: 1, maxMs: 1 },
    run(_state, { run, streams, stepId, attempt }) {
      const stream = `${stepId}.${attempt}`;
      streams.start({ stream, callId: "c", contentType: "text/plain" });
      streams.data(stream, `it is ${run.input.text}`);
      if (attempt === 1) throw new StepError("STEP_FAILED", `lost ${run.input.text}`);
      streams.end(stream, "OK");
      return { summary: `said ${run.input.text}`, output: { said: run.input.text ?? "" }, patch: { told: SECRET } };
    },
  })
  .node(
    "delegates",
    runAgent({
      graph: "echo",
      input: ({ told }) => ({ text: told }),
      done: ({ answer }) => ({ summary: `heard ${answer}` }),
    }),
  )
  .node("hears", waitForSignal("word", { heard: ({ payload }) => ({ summary: `heard ${JSON.stringify(payload)}` }) }))
  .node(
    "asks",
    approval({
      ask: ({ told }) => ({ question: `May ${told} be told?`, details: { told } }),
      approved: ({ comment }) => ({ summary: `yes: ${comment}` }),
    }),
  )
  .edge("speaks", "delegates")
  .edge("delegates", "hears")
  .edge("hears", "asks")
  .build(({ told }) => told);

const boss = graph("boss", 1, {})
  .node("delegates", runAgent({ graph: "echo", input: () => ({ text: SECRET }), done: () => ({ summary: "" }) }))
  .build(() => SECRET);

const echo = graph("echo", 1, {})
  .node("only", { type: "tool", run: () => ({ summary: "" }) })
  .build(() => SECRET);

const waits = graph("waits", 1, {})
  .node("first", { type: "tool", run: () => ({ summary: "" }) })
  .node("hears", waitForSignal("go", { heard: () => ({ summary: "" }) }))
  .edge("first", "hears")
  .build(() => "");

let harness: EngineHarness;
beforeAll(async () => {
  harness = await createEngineHarness([tells, boss, echo, waits]);
  await harness.startWorker();
});
afterAll(() => harness.close());

const graphs = createGraphRegistry([tells, boss, echo, waits]);
const request = (): Sql => harness.database.request;
const erase = (runId: string, by = custodian, atOnce?: number) => eraseRun(request(), by, { ...why, runId }, atOnce);
const fork = (runId: string, atSeq: number) =>
  forkRun({ sql: request(), admission: harness.admission, graphs, now: () => new Date() }, ada, {
    ...{ runId, atSeq, idempotencyKey: newId() },
  });
const endOfFirst = async (runId: string): Promise<number> =>
  (await harness.history(runId)).find(({ kind }) => kind === "STEP_SUCCEEDED")?.seq ?? 0;

/** A run that told the secret in every way there is, and has ended. */
async function told(): Promise<string> {
  const { runId } = await harness.start({ graph: "tells", input: { text: SECRET } }, ada);
  const signal = { runId, name: "word", payload: { word: SECRET }, idempotencyKey: "k" };
  await signalRun(request(), ada, signal);
  await until("it asks", async () => (await harness.find(runId))?.status === RUN_STATUS.WAITING_APPROVAL.code);
  const asked = (await harness.history(runId)).find(({ kind }) => kind === "APPROVAL_ASKED");
  const decision = { approvalId: `${runId}.${asked?.step}.0`, approve: true, comment: SECRET, idempotencyKey: "k" };
  await decideApproval(request(), ada, decision);
  await harness.finished(runId);
  return runId;
}

/** A run that has ended, and the one it had started. */
async function bossAndChild(): Promise<[string, string]> {
  const { runId } = await harness.start({ graph: "boss" });
  await harness.finished(runId);
  const children = harness.database.owner<
    { id: string }[]
  >`select run_id as id from run where parent_run_id = ${runId}`;
  return [runId, (await children)[0]?.id ?? ""];
}

/** Tables of the whole schema, partitions among them, that have the secret in some row. */
async function tablesWith(secret: string): Promise<string[]> {
  const { owner, schema } = harness.database;
  const tables = await owner<{ name: string }[]>`
    select c.relname as name from pg_class c where c.relnamespace = ${schema}::regnamespace and c.relkind in ('r', 'p')`;
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await owner.unsafe(`select from "${name}" t where t::text like '%${secret}%' limit 1`);
    if (rows.length > 0) found.push(name);
  }
  return found.toSorted();
}

/** What a run said in its session, as it is kept when it cannot be delivered. */
const answerOf = (runId: string): string => JSON.stringify({ message: SECRET, metadata: { run_id: runId } });

describe("eraseRun()", () => {
  it("leaves nothing of what a run and its children said in any table, and a chain that is verified as before", async () => {
    const runId = await told();
    await harness.database.owner`insert into outbox_dead (event_id, tenant, topic, key, type, payload, headers, reason)
      values (${newId()}, 'acme', 't', ${runId}, 'agent.steps.v1', ${SECRET}, '{}', 'x'),
        (${newId()}, 'acme', 't', 'a session', 'conversation.event.v1', ${answerOf(runId)}, '{}', 'x')`;
    expect(await tablesWith(SECRET)).toEqual(["journal", "journal_default", "outbox_dead", "run", "signal"]);
    const before = await harness.history(runId);
    const head = await verifiedHead(harness, runId);

    // Three payloads a transaction: whatever their number, all of them go.
    const { run, forks } = await erase(runId, custodian, 3);
    expect(await tablesWith(SECRET)).toEqual([]);
    expect([isErased(run.input), run.erasedAt instanceof Date, forks]).toEqual([true, true, []]);
    const after = await harness.history(runId);
    expect(after.map(({ payload: _, ...event }) => event)).toEqual(before.map(({ payload: _, ...event }) => event));
    expect(after.every(({ payload }) => isErased(payload))).toBe(true);
    expect(await verifiedHead(harness, runId)).toEqual({ ...head, erased: after.length });
  });

  it("is done once: asked again it keeps who asked first and why", async () => {
    const { runId } = await harness.start({ graph: "echo", input: { text: "x" } });
    await harness.finished(runId);
    await erase(runId);
    await erase(runId, aPrincipal({ subject: "user:dan", roles: ["custodian"] }));
    const rows = await harness.database.owner`select reason, erased_by, done_at is not null as done from erasure
      where run_id = ${runId}`;
    expect(rows).toEqual([{ reason: why.reason, erased_by: "user:carol", done: true }]);
  });

  it("goes on where it was left by a process that died on the way", async () => {
    const { runId } = await harness.start({ graph: "boss" });
    await harness.finished(runId);
    await transaction(request(), { tenant: "acme" }, (tx) =>
      orderErasure(tx, { runId, by: "user:carol", reason: "r" }),
    );
    expect(await tablesWith(SECRET)).toEqual(["journal", "journal_default"]);
    await erase(runId);
    expect(await tablesWith(SECRET)).toEqual([]);
  });

  it("refuses a run that has not ended, one that another one started, and who may not", async () => {
    const { runId } = await harness.start({ graph: "waits" });
    await expect(erase(runId)).rejects.toThrow(`run ${runId} has not ended; cancel it`);
    await expect(erase(runId, aPrincipal())).rejects.toMatchObject({ code: "FORBIDDEN" });
    const service = { ...custodian, service: "soma-worker" };
    await expect(erase(runId, service)).rejects.toThrow("soma-worker asks in the name of user:carol");
    await expect(erase(newId("Run"))).rejects.toMatchObject({ code: "NOT_FOUND" });
    await cancelRun(request(), ada, { runId, reason: SECRET, idempotencyKey: "k" });
    harness.wakeUp.changed("work");
    await harness.finished(runId);
    await erase(runId);
    expect(await tablesWith(SECRET)).toEqual([]);

    const [parent, child] = await bossAndChild();
    await expect(erase(child)).rejects.toThrow(`erase run ${parent}, and this one goes with it`);
    await erase(parent);
  });

  it("lets nothing go on from what is gone: no fork, no rollback, and a fork that has begun says why it ends", async () => {
    const { runId } = await harness.start({ graph: "waits" });
    const atSeq = await until("its first step has ended", async () => (await endOfFirst(runId)) || undefined);
    const copy = await fork(runId, atSeq);
    await until("the fork waits", async () => (await harness.find(copy.runId))?.status === RUN_STATUS.PARKED.code);
    await cancelRun(request(), ada, { runId, idempotencyKey: "k" });
    await harness.finished(runId);
    expect((await erase(runId)).forks.map((each) => each.runId)).toEqual([copy.runId]);

    const gone = { code: "ERASED", message: expect.stringContaining(`run ${runId} was erased`) };
    await expect(fork(runId, atSeq)).rejects.toMatchObject(gone);
    const back = { runId, toSeq: atSeq, idempotencyKey: "k" };
    const deps = { sql: request(), admission: harness.admission, graphs, now: () => new Date() };
    await expect(rollbackRun(deps, ada, back)).rejects.toMatchObject(gone);
    await signalRun(request(), ada, { runId: copy.runId, name: "go", payload: null, idempotencyKey: "k" });
    harness.wakeUp.changed("work");
    expect((await harness.finished(copy.runId)).status).toBe(RUN_STATUS.FAILED.code);
    expect((await harness.history(copy.runId)).at(-1)?.payload).toEqual({ error: gone });
    expect((await verifiedHead(harness, copy.runId)).erased).toBe(atSeq);
  });

  it("keeps the rollbacks of a run, so that what counted in it still does", async () => {
    const { runId } = await harness.start({ graph: "echo" });
    await harness.finished(runId);
    const deps = { sql: request(), admission: harness.admission, graphs, now: () => new Date() };
    await rollbackRun(deps, ada, { runId, toSeq: 1, idempotencyKey: "k" });
    harness.wakeUp.changed("work");
    await harness.finished(runId);
    const parts = () => harness.database.owner`select * from in_effect(${runId})`;
    const before = await parts();
    await erase(runId);
    expect(await parts()).toEqual(before);
    const kept = (await harness.history(runId)).filter(({ payload }) => !isErased(payload));
    expect(kept.map(({ kind }) => kind)).toEqual(["RUN_ROLLED_BACK"]);
    expect((await verifiedHead(harness, runId)).erased).toBeGreaterThan(3);
  });
});

describe("holdRun()", () => {
  const hold = (runId: string, key: string, reason = "case 7") =>
    holdRun(request(), custodian, { runId, reason, idempotencyKey: key });

  it("keeps a run, and what it started with it, until each of its holds is released", async () => {
    const [runId, child] = await bossAndChild();
    const first = await hold(runId, newId());
    const second = await hold(child, newId());
    await expect(erase(runId)).rejects.toThrow("is held, and not erased; its holds have to be released first");
    const release = (holdId: string) =>
      releaseHold(request(), custodian, { holdId, reason: "closed", idempotencyKey: "k" });
    await release(first.holdId);
    await expect(erase(runId)).rejects.toThrow(`run ${child}, which run ${runId} has started, is held`);
    const released = await release(second.holdId);
    expect(released).toMatchObject({ heldBy: "user:carol", releasedBy: "user:carol", releaseReason: "closed" });
    expect(await release(second.holdId)).toEqual(released);
    await erase(runId);
  });

  it("keeps what a fork has for a history; an erasure tells the forks of all that it erases", async () => {
    const [runId, child] = await bossAndChild();
    const forked = await fork(child, await endOfFirst(child));
    const { holdId } = await hold(forked.runId, newId());
    await expect(erase(runId)).rejects.toThrow(`run ${forked.runId}, whose history begins with events of run ${runId}`);
    await releaseHold(request(), custodian, { holdId, reason: "closed", idempotencyKey: "k" });
    expect((await erase(runId)).forks.map((each) => each.runId)).toEqual([forked.runId]);
  });

  it("comes too late once it was ordered to erase, as does whatever would go on from it, though all is still there", async () => {
    const { runId } = await harness.start({ graph: "echo" });
    await harness.finished(runId);
    const end = await endOfFirst(runId);
    const order = { runId, by: "user:carol", reason: "r" };
    await transaction(request(), { tenant: "acme" }, (tx) => orderErasure(tx, order));
    expect((await harness.history(runId)).some(({ payload }) => isErased(payload))).toBe(false);
    const deps = { sql: request(), admission: harness.admission, graphs, now: () => new Date() };
    const back = () => rollbackRun(deps, ada, { runId, toSeq: end, idempotencyKey: "k" });
    for (const late of [() => hold(runId, newId()), () => fork(runId, end), back])
      await expect(late()).rejects.toMatchObject({ code: "ERASED" });
    await erase(runId);
  });

  it("is the same hold under the same key, for its tenant and its custodians only", async () => {
    const { runId } = await harness.start({ graph: "echo" });
    const key = newId();
    const [a, b] = await Promise.all([hold(runId, key), hold(runId, key)]);
    expect(a.holdId).toBe(b.holdId);
    await expect(hold(runId, key, "another case")).rejects.toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
    await expect(hold(runId, newId(), " ")).rejects.toThrow("the reason is 1 to 1000 characters");
    const stranger = { ...custodian, tenant: "other" };
    const asked = { runId, holdId: a.holdId, reason: "r", idempotencyKey: "k" };
    for (const work of [holdRun, releaseHold]) {
      await expect(work(request(), stranger, asked)).rejects.toMatchObject({ code: "NOT_FOUND" });
      await expect(work(request(), ada, asked)).rejects.toMatchObject({ code: "FORBIDDEN" });
    }
  });
});
