import { createHash } from "node:crypto";
import { ToolError } from "@soma/sdk/define-tool";
import { newId } from "@soma/shared/ids";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { claimInvocation } from "../execution/invocations/claim-invocation.ts";
import { registerExecutor } from "../store/register-executor.ts";
import { createToolsFixture, type ToolsFixture, type ToolsProcess } from "../testing/fixture.ts";
import { aGate, aTool, type Gate } from "../testing/tools.ts";
import { cancelInvocation } from "./cancel-invocation.ts";
import { toCall } from "./to-call.ts";

let fixture: ToolsFixture;
let first: ToolsProcess;
let second: ToolsProcess;
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
  first = await fixture.start(tools);
  second = await fixture.start(tools);
});
afterAll(async () => {
  gate?.open();
  await fixture.close();
});

interface Frame {
  attempt: number;
  seq: number;
  n: number;
  kind: string;
  data: string | null;
  status: string | null;
  bytes: number | null;
  sha256: string | null;
}
const framesOf = (id: string) => fixture.database.owner<
  Frame[]
>`select attempt, seq, n, kind, data, status, bytes, sha256 from stream_frame
  where invocation_id = ${id} order by n`;
const eventsOf = async (type: string) => {
  const rows = await fixture.database.owner<
    { key: string; payload: string }[]
  >`select key, payload from outbox where type = ${type} order by id`;
  return rows.map(
    ({ key, payload }) => ({ key, ...(JSON.parse(payload) as Record<string, unknown>) }) as Record<string, unknown>,
  );
};
const toolEvents = async (id: string) =>
  (await eventsOf("agent.tools.v1")).filter((event) => event.invocation_id === id);

/** The state a process leaves that was killed while the tool ran: an intent, a started stream, an executor without its lock. */
async function leaveRunning(
  input: { tool: string; args: unknown; idempotencyKey: string },
  wrote: readonly string[] = [],
): Promise<string> {
  const executorId = newId();
  await registerExecutor(fixture.database.worker, { executorId });
  const call = toCall(first.deps.registry, aPrincipal(), { ...input, decisionToken: "" });
  const { effect, isolation } = call.tool;
  await claimInvocation(fixture.database.request, {
    ...call,
    ...call.binding,
    effect,
    isolation,
    decisionId: newId(),
    executorId,
    traceId: "",
  });
  for (const [index, text] of wrote.entries()) {
    await fixture.database.owner`insert into stream_frame (tenant, invocation_id, attempt, seq, n, kind, data)
      values ('acme', ${call.invocationId}, 1, ${index + 1}, ${index + 1}, 'data', ${text})`;
  }
  return call.invocationId;
}

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
    const frames = await framesOf(row.invocationId);
    const sha256 = createHash("sha256").update("saying hi ä").digest("hex");
    expect(
      frames.map(({ kind, seq, n, data, status, bytes, sha256 }) => ({ kind, seq, n, data, status, bytes, sha256 })),
    ).toEqual([
      { kind: "start", seq: 0, n: 0, data: null, status: null, bytes: null, sha256: null },
      { kind: "data", seq: 1, n: 1, data: "saying hi ä", status: null, bytes: null, sha256: null },
      { kind: "end", seq: 2, n: 2, data: null, status: "OK", bytes: 12, sha256 },
    ]);
    expect(await toolEvents(row.invocationId)).toMatchObject([
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
      const frames = await framesOf(row.invocationId);
      expect(frames.at(-1)).toMatchObject({ kind: "end", status: stream });
      expect(await toolEvents(row.invocationId)).toMatchObject([
        { status: event, run_id: row.invocationId, key: row.invocationId },
      ]);
    }
    const loud = await first.invoke({ tool: "loud", args: {}, idempotencyKey: "outcome-loud" });
    expect(loud.outputBytes).toBe(100_000);
    const frames = await framesOf(loud.invocationId);
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

  it("never starts a tool without a decision about this very call, and leaves an audit event", async () => {
    runs = [];
    const call = { tool: "echo", args: { say: "refused" } };
    const runId = newId();
    const table: [string, Promise<string> | string][] = [
      ["no token", ""],
      ["forged", `${(await fixture.decide(call)).slice(0, -4)}AAAA`],
      ["argsDigest", fixture.decide({ ...call, args: { say: "other" } })],
      ["actor", fixture.decide(call, { actor: "user:eve" })],
      ["tenant", fixture.decide(call, { tenant: "other" })],
      ["tool", fixture.decide({ ...call, tool: "wait" })],
      ["toolVersion", fixture.decide(call, { toolVersion: "2" })],
      ["risk", fixture.decide(call, { risk: "high" })],
      ["approval", fixture.decide(call, { obligations: { approval: true } })],
      ["sandbox", fixture.decide(call, { obligations: { sandbox: "process" } })],
      ["runId, stepId", fixture.decide(call, { runId, stepId: `${runId}.1` })],
    ];
    for (const [what, token] of table) {
      const before = (await eventsOf("agent.audit.v1")).length;
      const invoked = first.invoke({ ...call, idempotencyKey: "refused", decisionToken: await token });
      await expect(invoked, what).rejects.toMatchObject({ code: "DECISION_INVALID" });
      const events = await eventsOf("agent.audit.v1");
      expect(events, what).toHaveLength(before + 1);
      expect(events.at(-1)).toMatchObject({
        category: "security",
        actor: "user:ada",
        subject: "tool:echo",
        decision: "deny",
        key: "acme",
      });
      if (!what.includes(" ") && what !== "forged") expect(events.at(-1)?.reason).toContain(what);
      expect(events.at(-1)).not.toHaveProperty("meta.args");
    }
    await expect(
      first.invoke({ ...call, idempotencyKey: "refused", decisionToken: await fixture.decide(call, {}, -60) }),
    ).rejects.toMatchObject({
      code: "DECISION_EXPIRED",
    });
    expect(runs).toEqual([]);
    const rows = await fixture.database.owner`select 1 from invocation where idempotency_key = 'refused'`;
    expect(rows).toHaveLength(0);
  });

  it("gives the recorded invocation for its key, also under a decision that has expired since", async () => {
    const input = { tool: "echo", args: { say: "twice" }, idempotencyKey: "twice" };
    const row = await first.invoke(input);
    runs = [];
    expect(await second.invoke(input)).toEqual(row);
    expect(await first.invoke({ ...input, decisionToken: await fixture.decide(input, {}, -60) })).toEqual(row);
    await expect(
      first.invoke({ ...input, decisionToken: await fixture.decide({ ...input, args: {} }, {}, -60) }),
    ).rejects.toMatchObject({
      code: "DECISION_INVALID",
    });
    expect(runs).toEqual([]);
    expect(await toolEvents(row.invocationId)).toHaveLength(1);
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

  it("waits for what another process runs, for as long as the tool may take, and then says that it is busy", async () => {
    const input = { tool: "slow", args: {}, idempotencyKey: "busy" };
    const id = await leaveRunning(input);
    const holder = second.deps.life.id() ?? "";
    await fixture.database.owner`update invocation set executor_id = ${holder} where invocation_id = ${id}`;
    const started = performance.now();
    await expect(first.invoke(input)).rejects.toMatchObject({ code: "TOOL_BUSY", retryable: true });
    expect(performance.now() - started).toBeGreaterThan(5_000);
    expect(await framesOf(id)).toHaveLength(1);
  });

  it("lowers the tool's limit by the decision's obligation", async () => {
    gate = aGate();
    const input = { tool: "wait", args: { say: "x" }, idempotencyKey: "obliged" };
    const row = await first.invoke({
      ...input,
      decisionToken: await fixture.decide(input, { obligations: { timeout_ms: 50 } }),
    });
    expect(row).toMatchObject({ status: "TIMED_OUT", errorMessage: expect.stringContaining("50 ms") });
    gate.open();
  });

  it("runs a pure and an idempotent tool again when its executor died, after it ended the old stream", async () => {
    for (const tool of ["echo", "again"]) {
      const input = { tool, args: { say: "x" }, idempotencyKey: `lost-${tool}` };
      const id = await leaveRunning(input, ["half ", "a line"]);
      const row = await second.invoke(input);
      expect(row).toMatchObject({ invocationId: id, status: "SUCCEEDED", attempt: 2 });
      const frames = await framesOf(id);
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
      expect(await toolEvents(id)).toMatchObject([{ status: "succeeded" }]);
    }
  });

  it("does not run an at-most-once tool again, and reports its outcome as unknown", async () => {
    runs = [];
    const input = { tool: "once", args: {}, idempotencyKey: "lost-once" };
    const id = await leaveRunning(input);
    expect(await first.invoke(input)).toMatchObject({ status: "UNKNOWN", attempt: 1, errorType: "unknown_outcome" });
    expect(await second.invoke(input)).toMatchObject({ status: "UNKNOWN" });
    expect(runs).toEqual([]);
    expect(await toolEvents(id)).toMatchObject([{ status: "failed", tool_error_type: "unknown_outcome" }]);
    expect((await framesOf(id)).map(({ kind, status }) => [kind, status])).toEqual([
      ["start", null],
      ["end", "INTERRUPTED"],
    ]);
  });

  it("lets one of many callers take over, and needs a decision that is still good for it", async () => {
    gate = aGate();
    runs = [];
    const input = { tool: "wait", args: { say: "x" }, idempotencyKey: "lost-crowd" };
    await leaveRunning(input);
    await expect(first.invoke({ ...input, decisionToken: await fixture.decide(input, {}, -60) })).rejects.toMatchObject(
      { code: "DECISION_EXPIRED" },
    );
    const all = Promise.all(Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? first : second).invoke(input)));
    await until("it runs", () => runs.length > 0);
    gate.open();
    for (const row of await all) expect(row).toMatchObject({ status: "SUCCEEDED", attempt: 2 });
    expect(runs).toEqual(["wait lost-crowd"]);
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

  it("gives up what runs when its process stops, so that it goes on elsewhere", { timeout: 20_000 }, async () => {
    gate = aGate();
    runs = [];
    const leaving = await fixture.start(tools);
    const input = { tool: "wait", args: { say: "x" }, idempotencyKey: "leaving" };
    const abandoned = leaving.invoke(input).catch((error: unknown) => error);
    await until("it runs", () => runs.length === 1);
    await leaving.close();
    expect(await abandoned).toMatchObject({ code: "UNAVAILABLE", retryable: true });
    const moved = second.invoke(input);
    await until("it runs again", () => runs.length === 2);
    gate.open();
    expect(await moved).toMatchObject({ status: "SUCCEEDED", attempt: 2 });
  });

  it("takes its work back under a new life when the connection that held its lock breaks", async () => {
    gate = aGate();
    runs = [];
    const shaken = await fixture.start(tools);
    const before = shaken.deps.life.id() ?? "";
    const invoked = shaken.invoke({ tool: "wait", args: { say: "x" }, idempotencyKey: "shaken" });
    await until("it runs", () => runs.length === 1);
    await fixture.database
      .owner`select pg_terminate_backend(l.pid) from pg_locks l join executor e on l.objid = e.no::oid
      where l.locktype = 'advisory' and l.classid = 3 and e.executor_id = ${before}`;
    await until("it runs again", () => runs.length === 2);
    gate.open();
    expect(await invoked).toMatchObject({ status: "SUCCEEDED", attempt: 2 });
    expect(shaken.deps.life.id()).not.toBe(before);
    await shaken.close();
  });
});

describe("cancelInvocation()", () => {
  it("stops what runs here and what runs in another process", async () => {
    for (const [key, canceler] of [
      ["cancel-here", first],
      ["cancel-there", second],
    ] as const) {
      gate = aGate();
      runs = [];
      const invoked = first.invoke({ tool: "wait", args: { say: "x" }, idempotencyKey: key });
      await until("it runs", () => runs.length > 0);
      const [{ id = "" } = {}] = await fixture.database.owner<
        { id: string }[]
      >`select invocation_id as id from invocation where idempotency_key = ${key}`;
      expect(await canceler.cancel(id)).toMatchObject({ status: "CANCELED", errorType: "canceled" });
      expect(await invoked).toMatchObject({ status: "CANCELED" });
      expect((await framesOf(id)).at(-1)).toMatchObject({ kind: "end", status: "CANCELED" });
      expect(await toolEvents(id)).toMatchObject([{ status: "canceled" }]);
      gate.open();
    }
  });

  it("gives a finished invocation as it is, ends one whose executor died, and knows no other tenant's", async () => {
    const done = await first.invoke({ tool: "echo", args: { say: "x" }, idempotencyKey: "cancel-done" });
    expect(await first.cancel(done.invocationId)).toEqual(done);
    const lost = await leaveRunning({ tool: "echo", args: {}, idempotencyKey: "cancel-lost" });
    await expect(first.cancel(lost, aPrincipal({ tenant: "other" }))).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await first.cancel(lost)).toMatchObject({ status: "CANCELED", attempt: 1 });
    await expect(first.cancel(newId())).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(first.cancel("no id")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("refuses an idempotency key that is none", async () => {
    const { invocationId } = await first.invoke({ tool: "echo", args: { say: "x" }, idempotencyKey: "cancel-key" });
    for (const idempotencyKey of ["", "k".repeat(201), "nul \0"])
      await expect(cancelInvocation(first.deps, aPrincipal(), { invocationId, idempotencyKey })).rejects.toMatchObject({
        code: "BAD_INPUT",
      });
  });
});
