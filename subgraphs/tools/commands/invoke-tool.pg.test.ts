import { createHash } from "node:crypto";
import { ToolError } from "@soma/sdk/define-tool";
import { newId } from "@soma/shared/ids";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createToolsFixture, type ToolsFixture, type ToolsProcess } from "../testing/fixture.ts";
import { recordsOf } from "../testing/records.ts";
import { aGate, aTool, type Gate } from "../testing/tools.ts";

let fixture: ToolsFixture;
let first: ToolsProcess;
let second: ToolsProcess;
let records: ReturnType<typeof recordsOf>;
let runs: string[] = [];
let gate: Gate;

const tools = [
  aTool("echo", (args, { emit }) => {
    runs.push(`echo ${String(args.say)}`);
    emit("saying ");
    return String(args.say);
  }),
  aTool("wait", async (args, { idempotencyKey }) => {
    runs.push(`wait ${idempotencyKey}`);
    await gate.passed;
    return String(args.say);
  }),
  aTool("fail", () => {
    throw new ToolError("no_luck", "try\u0000tomorrow");
  }),
  aTool("slow", () => new Promise(() => {}), { timeoutMs: 80 }),
  aTool("loud", () => "x".repeat(200_000)),
  aTool("again", (_args, { idempotencyKey }) => `again ${runs.push(idempotencyKey)}`, { effect: "idempotent" }),
  aTool("once", (_args, { idempotencyKey }) => `once ${runs.push(idempotencyKey)}`, { effect: "at_most_once" }),
];

beforeAll(async () => {
  fixture = await createToolsFixture("invoke");
  records = recordsOf(fixture);
  first = await fixture.start(tools);
  second = await fixture.start(tools);
});
afterAll(async () => {
  gate?.open();
  await fixture.close();
});

describe("invokeTool()", () => {
  it("runs a tool, keeps its output as frames, and says so in one event", async () => {
    const runId = newId();
    const row = await first.invoke({
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
    const frames = await records.framesOf(row.invocationId);
    const sha256 = createHash("sha256").update("saying hi ä").digest("hex");
    expect(
      frames.map(({ kind, seq, n, data, status, bytes, sha256 }) => ({ kind, seq, n, data, status, bytes, sha256 })),
    ).toEqual([
      { kind: "start", seq: 0, n: 0, data: null, status: null, bytes: null, sha256: null },
      { kind: "data", seq: 1, n: 1, data: "saying hi ä", status: null, bytes: null, sha256: null },
      { kind: "end", seq: 2, n: 2, data: null, status: "OK", bytes: 12, sha256 },
    ]);
    expect(await records.toolEvents(row.invocationId)).toMatchObject([
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
      const row = await first.invoke({ tool, args: {}, idempotencyKey: `outcome-${tool}` });
      expect(row).toMatchObject({ status, errorType });
      const frames = await records.framesOf(row.invocationId);
      expect(frames.at(-1)).toMatchObject({ kind: "end", status: stream });
      expect(await records.toolEvents(row.invocationId)).toMatchObject([
        { status: event, run_id: row.invocationId, key: row.invocationId },
      ]);
    }
    const loud = await first.invoke({ tool: "loud", args: {}, idempotencyKey: "outcome-loud" });
    expect(loud.outputBytes).toBe(100_000);
    const frames = await records.framesOf(loud.invocationId);
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
      const invoked = first.invoke({ idempotencyKey: "form", decisionToken: "none", ...input });
      await expect(invoked, message).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    }
  });

  it("refuses another call under the same key", async () => {
    await first.invoke({ tool: "echo", args: { say: "a" }, idempotencyKey: "conflict" });
    const runId = newId();
    const others = [
      { call: { tool: "echo", args: { say: "b" } } },
      { call: { tool: "again", args: { say: "a" } } },
      { call: { tool: "echo", args: { say: "a" }, runId, stepId: `${runId}.1` } },
      { call: { tool: "echo", args: { say: "a" } }, principal: aPrincipal({ subject: "user:eve" }) },
    ];
    for (const { call, principal } of others) {
      await expect(first.invoke({ ...call, idempotencyKey: "conflict" }, principal)).rejects.toMatchObject({
        code: "IDEMPOTENCY_CONFLICT",
      });
    }
    const theirs = await first.invoke(
      { tool: "echo", args: { say: "b" }, idempotencyKey: "conflict" },
      aPrincipal({ tenant: "other" }),
    );
    expect(theirs.status).toBe("SUCCEEDED");
  });

  it("runs once for many callers at once, in one process and in two, and all get the same", async () => {
    gate = aGate();
    runs = [];
    const input = { tool: "wait", args: { say: "x" }, idempotencyKey: "crowd" };
    const all = Promise.all(Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? first : second).invoke(input)));
    await until("it runs", () => runs.length > 0);
    gate.open();
    const rows = await all;
    expect(runs).toEqual(["wait crowd"]);
    for (const row of rows) expect(row).toEqual(rows[0]);
    expect(rows[0]).toMatchObject({ status: "SUCCEEDED", attempt: 1 });
  });

  it("commits the intent before the tool starts", async () => {
    gate = aGate();
    runs = [];
    const invoked = first.invoke({ tool: "wait", args: { say: "x" }, idempotencyKey: "intent" });
    await until("it runs", () => runs.length > 0);
    const rows = await fixture.database.owner`select status from invocation where idempotency_key = 'intent'`;
    expect(rows).toEqual([{ status: "RUNNING" }]);
    gate.open();
    await invoked;
  });

  it("makes callers wait when all places are taken, and refuses one that waits too long", {
    timeout: 20_000,
  }, async () => {
    gate = aGate();
    runs = [];
    const narrow = await fixture.start(tools, 1);
    const held = narrow.invoke({ tool: "wait", args: { say: "x" }, idempotencyKey: "place-1" });
    await until("it runs", () => runs.length > 0);
    await expect(narrow.invoke({ tool: "echo", args: { say: "x" }, idempotencyKey: "place-2" })).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
      retryable: true,
    });
    gate.open();
    await held;
    expect((await narrow.invoke({ tool: "echo", args: { say: "x" }, idempotencyKey: "place-2" })).status).toBe(
      "SUCCEEDED",
    );
    await narrow.close();
  });
});
