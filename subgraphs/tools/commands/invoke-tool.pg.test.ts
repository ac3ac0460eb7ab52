import { createHash } from "node:crypto";
import { newId } from "@soma/shared/ids";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createStage, type Stage } from "../testing/stage.ts";
import { aGate } from "../testing/tools.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await createStage("invoke");
});
afterAll(() => stage.close());

describe("invokeTool()", () => {
  it("runs a tool, keeps its output as frames, and says so in one event", async () => {
    const runId = newId();
    const row = await stage.first.invoke({
      tool: "echo",
      args: { say: "hi ä" },
      idempotencyKey: "run-1",
      runId,
      stepId: `${runId}.3`,
    });
    expect(row).toMatchObject({
      status: "SUCCEEDED",
      attempt: 1,
      runId,
      stepId: `${runId}.3`,
      errorType: null,
      outputBytes: 12,
    });
    const frames = await stage.records.framesOf(row.invocationId);
    const sha256 = createHash("sha256").update("saying hi ä").digest("hex");
    expect(
      frames.map(({ kind, seq, n, data, status, bytes, sha256 }) => ({ kind, seq, n, data, status, bytes, sha256 })),
    ).toEqual([
      { kind: "start", seq: 0, n: 0, data: null, status: null, bytes: null, sha256: null },
      { kind: "data", seq: 1, n: 1, data: "saying hi ä", status: null, bytes: null, sha256: null },
      { kind: "end", seq: 2, n: 2, data: null, status: "OK", bytes: 12, sha256 },
    ]);
    expect(await stage.records.toolEvents(row.invocationId)).toMatchObject([
      {
        key: runId,
        run_id: runId,
        step_id: `${runId}.3`,
        tool_name: "echo",
        status: "succeeded",
        sandbox: "none",
        payload_size: 12,
        decision_id: row.decisionId,
      },
    ]);
  });

  it("ends each outcome in row, stream and event alike", async () => {
    const table = [
      ["fail", "FAILED", "ERROR", "failed", "no_luck"],
      ["slow", "TIMED_OUT", "TIMEOUT", "timed_out", "timeout"],
      ["loud", "TRUNCATED", "TRUNCATED", "truncated", null],
    ] as const;
    for (const [tool, status, stream, event, errorType] of table) {
      const row = await stage.first.invoke({ tool, args: {}, idempotencyKey: `outcome-${tool}` });
      expect(row).toMatchObject({ status, errorType });
      const frames = await stage.records.framesOf(row.invocationId);
      expect(frames.at(-1)).toMatchObject({ kind: "end", status: stream });
      expect(await stage.records.toolEvents(row.invocationId)).toMatchObject([
        { status: event, run_id: row.invocationId, key: row.invocationId },
      ]);
    }
    const loud = await stage.first.invoke({ tool: "loud", args: {}, idempotencyKey: "outcome-loud" });
    expect(loud.outputBytes).toBe(100_000);
    const frames = await stage.records.framesOf(loud.invocationId);
    expect(Math.max(...frames.map(({ data }) => Buffer.byteLength(data ?? "")))).toBe(16_384);
  });

  it("refuses what has not the form of a call, before it looks at the decision", async () => {
    const table = [
      [{ tool: "rm", args: {} }, "BAD_INPUT", 'there is no tool "rm"; tools: again, echo, fail,'],
      [{ tool: "echo", args: [] }, "BAD_INPUT", "must be object"],
      [{ tool: "echo", args: { say: "x".repeat(66_000) } }, "PAYLOAD_TOO_LARGE", "at most 65536"],
      [{ tool: "echo", args: {}, idempotencyKey: "" }, "BAD_INPUT", "idempotency key"],
      [{ tool: "echo", args: {}, idempotencyKey: "k".repeat(201) }, "BAD_INPUT", "201 characters"],
      [{ tool: "echo", args: {}, idempotencyKey: "a\u0000b" }, "BAD_INPUT", "the idempotency key holds NUL"],
      [{ tool: "echo", args: {}, runId: "x" }, "BAD_INPUT", "not a UUID"],
      [{ tool: "echo", args: {}, runId: newId(), stepId: `${newId()}.1` }, "BAD_INPUT", "not a step of run"],
    ] as const;
    for (const [input, code, message] of table) {
      const invoked = stage.first.invoke({ idempotencyKey: "form", decisionToken: "none", ...input });
      await expect(invoked, message).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    }
  });

  it("refuses another call under the same key", async () => {
    await stage.first.invoke({ tool: "echo", args: { say: "a" }, idempotencyKey: "conflict" });
    const runId = newId();
    const others = [
      { call: { tool: "echo", args: { say: "b" } } },
      { call: { tool: "again", args: { say: "a" } } },
      { call: { tool: "echo", args: { say: "a" }, runId, stepId: `${runId}.1` } },
      { call: { tool: "echo", args: { say: "a" } }, principal: aPrincipal({ subject: "user:eve" }) },
    ];
    for (const { call, principal } of others) {
      await expect(stage.first.invoke({ ...call, idempotencyKey: "conflict" }, principal)).rejects.toMatchObject({
        code: "IDEMPOTENCY_CONFLICT",
      });
    }
    const theirs = await stage.first.invoke(
      { tool: "echo", args: { say: "b" }, idempotencyKey: "conflict" },
      aPrincipal({ tenant: "other" }),
    );
    expect(theirs.status).toBe("SUCCEEDED");
  });

  it("runs once for many callers at once, in one process and in two, and all get the same", async () => {
    stage.gate = aGate();
    stage.runs = [];
    const input = { tool: "wait", args: { say: "x" }, idempotencyKey: "crowd" };
    const all = Promise.all(
      Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? stage.first : stage.second).invoke(input)),
    );
    await until("it runs", () => stage.runs.length > 0);
    stage.gate.open();
    const rows = await all;
    expect(stage.runs).toEqual(["wait crowd"]);
    for (const row of rows) expect(row).toEqual(rows[0]);
    expect(rows[0]).toMatchObject({ status: "SUCCEEDED", attempt: 1 });
  });

  it("commits the intent before the tool starts", async () => {
    stage.gate = aGate();
    stage.runs = [];
    const invoked = stage.first.invoke({ tool: "wait", args: { say: "x" }, idempotencyKey: "intent" });
    await until("it runs", () => stage.runs.length > 0);
    const rows = await stage.fixture.database.owner`select status from invocation where idempotency_key = 'intent'`;
    expect(rows).toEqual([{ status: "RUNNING" }]);
    stage.gate.open();
    await invoked;
  });

  it("makes callers wait when all places are taken, and refuses one that waits too long", {
    timeout: 20_000,
  }, async () => {
    stage.gate = aGate();
    stage.runs = [];
    const narrow = await stage.fixture.start(stage.tools, 1);
    const held = narrow.invoke({ tool: "wait", args: { say: "x" }, idempotencyKey: "place-1" });
    await until("it runs", () => stage.runs.length > 0);
    await expect(narrow.invoke({ tool: "echo", args: { say: "x" }, idempotencyKey: "place-2" })).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
      retryable: true,
    });
    stage.gate.open();
    await held;
    expect((await narrow.invoke({ tool: "echo", args: { say: "x" }, idempotencyKey: "place-2" })).status).toBe(
      "SUCCEEDED",
    );
    await narrow.close();
  });
});
