import { graph, replaced } from "@soma/sdk/graph";
import { runAgent } from "@soma/sdk/run-agent";
import { waitForSignal } from "@soma/sdk/wait";
import { newId } from "@soma/shared/ids";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cancelRun } from "../commands/cancel-run.ts";
import { signalRun } from "../commands/signal-run.ts";
import { RUN_STATUS } from "../domain/run-status.ts";
import { lockTree } from "../store/lock-tree.ts";
import { requestCancel } from "../store/request-cancel.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";

const MINUTE_MS = 60_000;
const { SUCCEEDED, FAILED, CANCELED, PARKED, RUNNING } = RUN_STATUS;

const helper = graph("helper", 1, {})
  .node("only", { type: "tool", run: () => ({ summary: "" }) })
  .build(() => "42");
const breaks = graph("breaks", 1, {})
  .node("only", {
    type: "tool",
    retry: { maxAttempts: 1, initialMs: 1, maxMs: 1 },
    run: () => Promise.reject(new Error("broken")),
  })
  .build(() => "");
const waits = graph("waits", 1, {})
  .node("waits", waitForSignal("go", { heard: () => ({ summary: "" }) }))
  .build(() => "went");

/** A graph whose one step starts a run of another and tells how it ended. */
const boss = (name: string, agent: string, more: { role?: string; minutes?: number; amount?: number } = {}) => {
  const { role, minutes, amount } = more;
  return graph(name, 1, { told: replaced("") })
    .node(
      "delegates",
      runAgent({
        graph: agent,
        input: () => ({ text: `for ${name}`, ...(amount === undefined ? {} : { amount }) }),
        ...(role === undefined ? {} : { role }),
        ...(minutes === undefined ? {} : { until: (_, { now }) => new Date(now().getTime() + minutes * MINUTE_MS) }),
        done: ({ status, answer, error }) => ({
          summary: "",
          patch: { told: `${status} ${answer ?? error?.message ?? ""}`.trim() },
        }),
        late: () => ({ summary: "", patch: { told: "late" } }),
      }),
    )
    .build((state) => state.told);
};

/** Starts a run when a test lets it. */
const gate = { began: false, open: Promise.withResolvers<void>() };
const slowBoss = graph("slow_boss", 1, {})
  .node("delegates", {
    type: "tool",
    async run() {
      gate.began = true;
      await gate.open.promise;
      return { parkedForRun: { graph: "helper", input: { text: "help" } }, summary: "waits" };
    },
  })
  .build(() => "");

let harness: EngineHarness;
beforeAll(async () => {
  harness = await createEngineHarness([
    ...[helper, breaks, waits, slowBoss, boss("deep", "deep"), boss("lost", "nowhere")],
    boss("endless", "helper", { amount: Number.POSITIVE_INFINITY }),
    ...[boss("boss", "helper"), boss("unlucky", "breaks"), boss("patient", "waits"), boss("upper", "patient")],
    ...[boss("climber", "helper", { role: "admin" }), boss("impatient", "waits", { minutes: 1 })],
  ]);
});
afterAll(() => harness.close());

const answerOf = async (runId: string): Promise<unknown> => {
  await harness.finished(runId);
  return (await harness.history(runId)).at(-1)?.payload;
};
const childrenOf = (runId: string) =>
  harness.database.owner<{ runId: string; status: number; control: number }[]>`
    select run_id as "runId", status, control from run where parent_run_id = ${runId} order by run_id`;
const childOf = (runId: string) =>
  until(`${runId} has started a run that waits`, async () => {
    const [child] = await childrenOf(runId);
    return child?.status === PARKED.code ? child : undefined;
  });

describe("a run that starts another", () => {
  it("is parked until that has ended, in a place of which one is enough for both", async () => {
    const { life } = await harness.startWorker(1);
    const parent = await harness.start({ graph: "boss", priority: -3 });
    expect(await answerOf(parent.runId)).toEqual({ answer: "SUCCEEDED 42" });
    const [{ runId = "" } = {}] = await childrenOf(parent.runId);
    const child = await harness.find(runId);
    expect(child).toMatchObject({
      ...{
        parentRunId: parent.runId,
        rootRunId: parent.runId,
        tenant: "acme",
        startedBy: "user:ada",
        role: "assistant",
        priority: -3,
      },
      ...{ traceParent: parent.traceParent, modelProfile: parent.modelProfile, input: { text: "for boss" } },
    });
    expect(child?.sessionId).not.toBe(parent.sessionId);
    expect(runId > parent.runId).toBe(true);
    const [row] = await harness.database.owner`select c.deadline <= p.deadline as within, c.depth, p.children
      from run c join run p on p.run_id = c.parent_run_id where c.run_id = ${runId}`;
    expect(row).toEqual({ within: true, depth: 1, children: 1 });
    expect((await harness.history(parent.runId)).map(({ kind }) => kind)).toEqual([
      ...["RUN_STARTED", "STEP_STARTED", "STEP_PARKED", "STEP_WOKEN", "STEP_SUCCEEDED", "RUN_SUCCEEDED"],
    ]);
    await life.close();
  });

  it("is told of a failure and of a cancel, and fails itself when it may not start what it wants", async () => {
    const { life } = await harness.startWorker();
    const [unlucky, patient, lost, climber, endless] = await Promise.all(
      ["unlucky", "patient", "lost", "climber", "endless"].map((name) => harness.start({ graph: name })),
    );
    const { runId } = await childOf(patient?.runId ?? "");
    await cancelRun(harness.database.request, aPrincipal(), { runId, idempotencyKey: newId() });
    expect(await answerOf(unlucky?.runId ?? "")).toEqual({
      answer: expect.stringMatching(/^FAILED the request failed/),
    });
    expect(await answerOf(patient?.runId ?? "")).toEqual({ answer: "CANCELED" });
    expect(await answerOf(lost?.runId ?? "")).toMatchObject({
      error: { code: "BAD_INPUT", message: expect.stringContaining('there is no graph "nowhere"') },
    });
    expect(await answerOf(endless?.runId ?? "")).toMatchObject({
      error: { code: "BAD_INPUT", message: expect.stringContaining('the number Infinity at "amount"') },
    });
    expect(await answerOf(climber?.runId ?? "")).toMatchObject({
      error: { code: "FORBIDDEN", message: expect.stringContaining('may not start one under "admin"') },
    });
    await life.close();
  });

  it("starts it once although its worker dies before it has parked", async () => {
    const { owner } = harness.database;
    await owner`create function no_park() returns trigger language plpgsql as
      $$ begin raise exception 'not now' using errcode = '22000'; end $$`;
    await owner`create trigger no_park before insert on journal_default for each row when (new.kind = 16) execute function no_park()`;
    const first = await harness.startWorker(1);
    const { runId } = await harness.start({ graph: "boss" });
    await until("it was begun again", async () => {
      const [row] = await owner`select from run where run_id = ${runId} and epoch >= 2 and children > 0`;
      return row;
    });
    await first.kill();
    await owner`drop trigger no_park on journal_default`;
    const second = await harness.startWorker();
    expect(await answerOf(runId)).toEqual({ answer: "SUCCEEDED 42" });
    expect(await childrenOf(runId)).toHaveLength(1);
    await second.life.close();
  });

  it("hears of an end that came before it had parked", async () => {
    let parent = "";
    const parksLate = (sql: Sql): Sql =>
      new Proxy(sql, {
        async apply(call, self, args) {
          // The first commit tells that the step began, and there is nothing that it started yet.
          const hasStarted = (await childrenOf(parent)).length > 0;
          const isOver = async () => (await childrenOf(parent))[0]?.status === SUCCEEDED.code;
          if (hasStarted) await until("what it started has ended", isOver);
          return Reflect.apply(call, self, args);
        },
      });
    ({ runId: parent } = await harness.start({ graph: "boss" }));
    const slow = await harness.startWorker(1, new Set(), parksLate);
    await until("it is claimed", async () => (await harness.find(parent))?.status === RUNNING.code);
    const other = await harness.startWorker();
    expect(await answerOf(parent)).toEqual({ answer: "SUCCEEDED 42" });
    await slow.life.close();
    await other.life.close();
  });

  it("goes on when its time is over, and what it started is canceled with it", async () => {
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "impatient" });
    const child = await childOf(runId);
    await harness.skipWait(runId, MINUTE_MS);
    expect(await answerOf(runId)).toEqual({ answer: "late" });
    expect((await harness.finished(child.runId)).status).toBe(CANCELED.code);
    await life.close();
  });

  it("is one of a chain that is as deep as is allowed", async () => {
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "deep" });
    const { answer } = (await answerOf(runId)) as { answer: string };
    const [row] = await harness.database.owner`select count(*)::int as runs, max(depth) as depth,
      count(*) filter (where status = ${FAILED.code})::int as failed from run where run_id = ${runId} or root_run_id = ${runId}`;
    expect(row).toEqual({ runs: 9, depth: 8, failed: 1 });
    expect(answer).toBe("SUCCEEDED ".repeat(7) + answer.slice("SUCCEEDED ".length * 7));
    expect(answer).toMatch(/FAILED run .* 8 runs are above it, and 8 may be \(SOMA_RUN_MAX_PARENTS\)$/);
    await life.close();
  });
});

describe("a run that is canceled", () => {
  it("takes along all that it and those have started, in one transaction", async () => {
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "upper" });
    const below = await childOf(runId);
    const last = await childOf(below.runId);
    const beside = await harness.start({ graph: "patient" });
    await childOf(beside.runId);
    await cancelRun(harness.database.request, aPrincipal(), { runId, reason: "enough", idempotencyKey: newId() });
    const ids = [runId, below.runId, last.runId];
    const rows = await harness.database
      .owner`select control, cancel_reason from run where run_id = any (${ids}::uuid[])`;
    expect(rows).toEqual(ids.map(() => ({ control: 1, cancel_reason: "enough" })));
    for (const id of ids) expect((await harness.finished(id)).status).toBe(CANCELED.code);
    const [{ runId: other = "" } = {}] = await childrenOf(beside.runId);
    await signalRun(harness.database.request, aPrincipal(), { runId: other, name: "go", idempotencyKey: newId() });
    expect(await answerOf(beside.runId)).toEqual({ answer: "SUCCEEDED went" });
    await life.close();
  });

  it("starts no other one, although the cancel was not yet committed when it came to", async () => {
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "slow_boss" });
    await until("the step began", () => gate.began);
    await transaction(harness.database.owner, {}, async (tx) => {
      await lockTree(tx, { runId });
      await requestCancel(tx, { runId, reason: "enough" });
      gate.open.resolve();
      await until("the step waits for the request", async () => {
        const waiting = await tx`select from pg_locks where not granted and locktype in ('transactionid', 'tuple')`;
        return waiting.length > 0;
      });
    });
    expect((await harness.finished(runId)).status).toBe(CANCELED.code);
    expect(await childrenOf(runId)).toEqual([]);
    await life.close();
  });
});

describe("a request", () => {
  it("starts no run into the tree of another", async () => {
    const { runId, sessionId } = await harness.start({ graph: "waits" });
    const forge = transaction(
      harness.database.request,
      { tenant: "acme" },
      (
        tx,
      ) => tx`insert into run (run_id, tenant, session_id, graph, graph_version, graph_hash, role, model_profile, input, started_by,
          deadline, idem_key, idem_digest, trace_parent, parent_run_id, depth)
        values (${newId("Run")}, 'acme', ${sessionId}, 'waits', 1, 'h', 'r', 'm', '{}', 'x', now(), 'k', 'd', '', ${runId}, 1)`,
    );
    await expect(forge).rejects.toMatchObject({ code: "42501" });
  });

  it("are not held up by a process that was frozen while it started one", async () => {
    const { runId } = await harness.start({ graph: "slow_boss" });
    const { owner, worker } = harness.database;
    const frozen = transaction(owner, {}, async (tx) => {
      await lockTree(tx, { runId });
      await transaction(worker, {}, async (other) => {
        await other`set local lock_timeout = '4s'`;
        await lockTree(other, { runId });
      });
    });
    await expect(frozen).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});
