import { createHash } from "node:crypto";
import { transaction } from "@soma/shared/postgres/transaction";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { leaveRunning } from "../testing/records.ts";
import { createStage, type Stage } from "../testing/stage.ts";
import { aGate } from "../testing/tools.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await createStage("invoke_lost");
});
afterAll(() => stage.close());

describe("invokeTool() when an executor was lost", () => {
  it("waits for what another process runs, for as long as the tool may take, and then says that it is busy", async () => {
    const input = { tool: "slow", args: {}, idempotencyKey: "busy" };
    const id = await leaveRunning(stage.fixture, stage.first, input);
    const holder = stage.second.deps.life.id() ?? "";
    await stage.fixture.database.owner`update invocation set executor_id = ${holder} where invocation_id = ${id}`;
    const started = performance.now();
    await expect(stage.first.invoke(input)).rejects.toMatchObject({ code: "TOOL_BUSY", retryable: true });
    expect(performance.now() - started).toBeGreaterThan(5_000);
    expect(await stage.records.framesOf(id)).toHaveLength(1);
  });

  it("runs a pure and an idempotent tool again when its executor died, after it ended the old stream", async () => {
    for (const tool of ["echo", "again"]) {
      const input = { tool, args: { say: "x" }, idempotencyKey: `lost-${tool}` };
      const id = await leaveRunning(stage.fixture, stage.first, input, { wrote: ["half ", "a line"] });
      const row = await stage.second.invoke(input);
      expect(row).toMatchObject({ invocationId: id, status: "SUCCEEDED", attempt: 2 });
      const frames = await stage.records.framesOf(id);
      expect(frames.map(({ attempt, seq, n, kind, status }) => [attempt, seq, n, kind, status])).toEqual([
        [1, 0, 0, "start", null],
        [1, 1, 1, "data", null],
        [1, 2, 2, "data", null],
        [1, 3, 3, "end", "INTERRUPTED"],
        [2, 0, 4, "start", null],
        [2, 1, 5, "data", null],
        [2, 2, 6, "end", "OK"],
      ]);
      expect(frames[3]).toMatchObject({ bytes: 11, sha256: createHash("sha256").update("half a line").digest("hex") });
      expect(await stage.records.toolEvents(id)).toMatchObject([{ status: "succeeded" }]);
    }
  });

  it("takes back what was claimed for its own process and is executed nowhere: the answer to the claim was lost", async () => {
    const input = { tool: "echo", args: { say: "x" }, idempotencyKey: "stray" };
    const id = await leaveRunning(stage.fixture, stage.first, input, { executorId: stage.first.deps.life.id() });
    expect(await stage.first.invoke(input)).toMatchObject({ invocationId: id, status: "SUCCEEDED", attempt: 2 });
    expect((await stage.records.framesOf(id)).map(({ attempt, kind, status }) => [attempt, kind, status])).toEqual([
      [1, "start", null],
      [1, "end", "INTERRUPTED"],
      [2, "start", null],
      [2, "data", null],
      [2, "end", "OK"],
    ]);
    expect(await stage.records.toolEvents(id)).toHaveLength(1);
  });

  it("does not run an at-most-once tool again, and reports its outcome as unknown", async () => {
    stage.runs = [];
    const input = { tool: "once", args: {}, idempotencyKey: "lost-once" };
    const id = await leaveRunning(stage.fixture, stage.first, input);
    expect(await stage.first.invoke(input)).toMatchObject({
      status: "UNKNOWN",
      attempt: 1,
      errorType: "unknown_outcome",
    });
    expect(await stage.second.invoke(input)).toMatchObject({ status: "UNKNOWN" });
    expect(stage.runs).toEqual([]);
    expect(await stage.records.toolEvents(id)).toMatchObject([
      { status: "failed", tool_error_type: "unknown_outcome" },
    ]);
    expect((await stage.records.framesOf(id)).map(({ kind, status }) => [kind, status])).toEqual([
      ["start", null],
      ["end", "INTERRUPTED"],
    ]);
  });

  it("lets one of many callers take over, and needs a decision that is still good for it", async () => {
    stage.gate = aGate();
    stage.runs = [];
    const input = { tool: "wait", args: { say: "x" }, idempotencyKey: "lost-crowd" };
    await leaveRunning(stage.fixture, stage.first, input);
    await expect(
      stage.first.invoke({ ...input, decisionToken: await stage.fixture.decide(input, {}, -60) }),
    ).rejects.toMatchObject({ code: "DECISION_EXPIRED" });
    const all = Promise.all(
      Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? stage.first : stage.second).invoke(input)),
    );
    await until("it runs", () => stage.runs.length > 0);
    stage.gate.open();
    for (const row of await all) expect(row).toMatchObject({ status: "SUCCEEDED", attempt: 2 });
    expect(stage.runs).toEqual(["wait lost-crowd"]);
  });

  it("gives up what runs when its process stops, so that it goes on elsewhere", { timeout: 20_000 }, async () => {
    stage.gate = aGate();
    stage.runs = [];
    const leaving = await stage.fixture.start(stage.tools);
    const input = { tool: "wait", args: { say: "x" }, idempotencyKey: "leaving" };
    const abandoned = leaving.invoke(input).catch((error: unknown) => error);
    await until("it runs", () => stage.runs.length === 1);
    await leaving.close();
    expect(await abandoned).toMatchObject({ code: "UNAVAILABLE", retryable: true });
    const moved = stage.second.invoke(input);
    await until("it runs again", () => stage.runs.length === 2);
    stage.gate.open();
    expect(await moved).toMatchObject({ status: "SUCCEEDED", attempt: 2 });
  });

  it("gives up all that runs when its process stops, also where one cannot be settled", {
    timeout: 20_000,
  }, async () => {
    stage.gate = aGate();
    stage.runs = [];
    const leaving = await stage.fixture.start(stage.tools);
    const invoke = (tool: string) => leaving.invoke({ tool, args: {}, idempotencyKey: `left-${tool}` }).catch(() => {});
    const stuck = invoke("hold");
    await until("the first runs", () => stage.runs.length === 1);
    const beside = invoke("wait");
    await until("both run", () => stage.runs.length === 2);
    // Its end cannot be told to others, and so not be stored.
    await stage.fixture.database.owner`update invocation set trace_id = 'no trace' where idempotency_key = 'left-hold'`;
    await leaving.close();
    await Promise.all([stuck, beside]);
    const ends = await stage.fixture.database.owner`select i.tool, f.status from invocation i
      join stream_frame f using (tenant, invocation_id) where i.idempotency_key like 'left-%' and f.kind = 'end'`;
    expect(ends).toEqual([{ tool: "wait", status: "INTERRUPTED" }]);
  });

  it("gives up what was being claimed when its process stopped", { timeout: 20_000 }, async () => {
    stage.runs = [];
    const leaving = await stage.fixture.start(stage.tools);
    const { owner } = stage.fixture.database;
    let closing: Promise<void> | undefined;
    let invoked: Promise<unknown> | undefined;
    await transaction(owner, {}, async (tx) => {
      await tx`lock table invocation in share row exclusive mode`;
      invoked = leaving.invoke({ tool: "hold", args: {}, idempotencyKey: "claiming" }).catch(() => {});
      await until("its claim waits for the lock", async () => {
        const [row] = await owner`select 1 from pg_locks where relation = 'invocation'::regclass and not granted`;
        return row !== undefined;
      });
      closing = leaving.close();
    });
    await closing;
    await invoked;
    const ends = await owner`select f.status from invocation i join stream_frame f using (tenant, invocation_id)
      where i.idempotency_key = 'claiming' and f.kind = 'end'`;
    expect(ends).toEqual([{ status: "INTERRUPTED" }]);
  });

  it("takes its work back under a new life when the connection that held its lock breaks", async () => {
    stage.gate = aGate();
    stage.runs = [];
    const shaken = await stage.fixture.start(stage.tools);
    const before = shaken.deps.life.id() ?? "";
    const invoked = shaken.invoke({ tool: "wait", args: { say: "x" }, idempotencyKey: "shaken" });
    await until("it runs", () => stage.runs.length === 1);
    await stage.fixture.database
      .owner`select pg_terminate_backend(l.pid) from pg_locks l join executor e on l.objid = e.no::oid
      where l.locktype = 'advisory' and l.classid = 3 and e.executor_id = ${before}`;
    await until("it runs again", () => stage.runs.length === 2);
    stage.gate.open();
    expect(await invoked).toMatchObject({ status: "SUCCEEDED", attempt: 2 });
    expect(shaken.deps.life.id()).not.toBe(before);
    await shaken.close();
  });
});
