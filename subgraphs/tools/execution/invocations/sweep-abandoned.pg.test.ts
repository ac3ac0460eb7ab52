import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import { connect } from "@soma/shared/postgres/connect";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createToolsFixture, type ToolsFixture, type ToolsProcess } from "../../testing/fixture.ts";
import { leaveRunning, recordsOf } from "../../testing/records.ts";
import { aGate, aTool, type Gate } from "../../testing/tools.ts";
import { settleLostInvocation } from "./settle-lost-invocation.ts";
import { sweepAbandoned } from "./sweep-abandoned.ts";

let fixture: ToolsFixture;
let first: ToolsProcess;
let second: ToolsProcess;
let records: ReturnType<typeof recordsOf>;
let gate: Gate;
const started: string[] = [];

const tools = [
  aTool("echo", (args) => String(args.say)),
  aTool("again", () => "again", { effect: "idempotent" }),
  aTool("wait", async (_args, { idempotencyKey }) => {
    started.push(idempotencyKey);
    await gate.passed;
    return "waited";
  }),
];

beforeAll(async () => {
  fixture = await createToolsFixture("sweep_abandoned");
  records = recordsOf(fixture);
  first = await fixture.start(tools);
  second = await fixture.start(tools);
});
afterAll(async () => {
  gate?.open();
  await fixture.close();
});

const sweep = ({ deps }: ToolsProcess) =>
  sweepAbandoned({ worker: fixture.database.worker, ...deps, log: createSilentLog() });
const endsOf = async (id: string) =>
  (await records.framesOf(id)).filter(({ kind }) => kind === "end").map(({ status }) => status);

/** The state after the sweep of dead executors: the stream has its end, and the invocation waits for its next call. */
async function leaveLost(input: Parameters<typeof leaveRunning>[2], lostForHours: number): Promise<string> {
  const id = await leaveRunning(fixture, first, input);
  const [row] = await fixture.database.owner<
    { executorId: string }[]
  >`select executor_id as "executorId" from invocation where invocation_id = ${id}`;
  const attempt = { tenant: "acme", invocationId: id, attempt: 1, executorId: row?.executorId ?? "" };
  expect(await settleLostInvocation(fixture.database.worker, attempt)).toBe(true);
  await fixture.database.owner`update invocation set lost_at = lost_at - make_interval(hours => ${lostForHours})
    where invocation_id = ${id}`;
  return id;
}
const age = ({ deps }: ToolsProcess, hours: number) =>
  fixture.database.owner`update executor set started_at = clock_timestamp() - make_interval(hours => ${hours})
    where executor_id = ${deps.life.id() ?? ""}`;

describe("sweepAbandoned()", () => {
  it("gives up what its own process owns and does not execute, and leaves what it does", async () => {
    gate = aGate();
    const working = first.invoke({ tool: "wait", args: {}, idempotencyKey: "working" });
    await until("it runs", () => started.includes("working"));
    const executorId = first.deps.life.id();
    const input = { tool: "echo", args: { say: "x" }, idempotencyKey: "stray" };
    const id = await leaveRunning(fixture, first, input, { executorId, wrote: ["half"] });
    await sweep(second);
    expect(await endsOf(id), "another process cannot know").toEqual([]);
    await sweep(first);
    expect(await endsOf(id)).toEqual(["INTERRUPTED"]);
    expect(await records.statusOf(id)).toMatchObject({ status: "RUNNING", attempt: 1 });
    // Its owner lives, and yet another process takes it: it is known that nobody runs it.
    expect(await second.invoke(input)).toMatchObject({ status: "SUCCEEDED", attempt: 2, lostAt: null });
    expect(await endsOf(id)).toEqual(["INTERRUPTED", "OK"]);
    gate.open();
    expect(await working).toMatchObject({ status: "SUCCEEDED", attempt: 1 });
  });

  it("gives up what was claimed by an executor that is no longer registered", async () => {
    const executorId = newId();
    const id = await leaveRunning(fixture, first, { tool: "echo", args: {}, idempotencyKey: "orphan" }, { executorId });
    await sweep(second);
    expect(await endsOf(id)).toEqual(["INTERRUPTED"]);
  });

  it("ends what nobody asked for again, as its effect says, but not before callers had their time", async () => {
    const pure = await leaveLost({ tool: "echo", args: {}, idempotencyKey: "abandoned-pure" }, 2);
    const idempotent = await leaveLost({ tool: "again", args: {}, idempotencyKey: "abandoned-idempotent" }, 2);
    const fresh = await leaveLost({ tool: "echo", args: {}, idempotencyKey: "abandoned-fresh" }, 0);
    await sweep(first);
    expect(await records.statusOf(pure), "everything stood still until now").toMatchObject({ status: "RUNNING" });
    await age(first, 2);
    await sweep(first);
    expect(await records.statusOf(pure)).toMatchObject({ status: "FAILED", errorType: "executor_lost" });
    expect(await records.statusOf(idempotent)).toMatchObject({ status: "UNKNOWN", errorType: "unknown_outcome" });
    expect(await records.statusOf(fresh)).toMatchObject({ status: "RUNNING" });
    for (const id of [pure, idempotent]) {
      expect(await endsOf(id)).toEqual(["INTERRUPTED"]);
      expect(await records.toolEvents(id)).toMatchObject([{ status: "failed" }]);
    }
  });

  it("ends at once what somebody wanted stopped, whoever runs it by the database", async () => {
    const lost = await leaveLost({ tool: "echo", args: {}, idempotencyKey: "wanted-lost" }, 0);
    const stray = await leaveRunning(
      fixture,
      first,
      { tool: "echo", args: {}, idempotencyKey: "wanted-stray" },
      { executorId: second.deps.life.id() },
    );
    await fixture.database.owner`update invocation set cancel_requested = true
      where invocation_id in (${lost}, ${stray})`;
    await sweep(second);
    for (const id of [lost, stray]) {
      expect(await records.statusOf(id)).toMatchObject({ status: "CANCELED", errorType: "canceled" });
      expect(await endsOf(id)).toEqual(["INTERRUPTED"]);
    }
  });

  it("settles once when many look at the same moment", async () => {
    const ids = await Promise.all(
      Array.from({ length: 12 }, (_, i) => leaveLost({ tool: "echo", args: {}, idempotencyKey: `once-${i}` }, 2)),
    );
    await Promise.all([age(first, 2), age(second, 2)]);
    await Promise.all([sweep(first), sweep(second), sweep(first), sweep(second)]);
    for (const id of ids) {
      expect(await records.toolEvents(id)).toHaveLength(1);
      expect(await endsOf(id)).toEqual(["INTERRUPTED"]);
    }
  });

  it("goes on with the others when one cannot be settled, and settles that one when it can be", async () => {
    const bad = await leaveLost({ tool: "echo", args: {}, idempotencyKey: "bad" }, 3);
    const good = await leaveLost({ tool: "echo", args: {}, idempotencyKey: "good" }, 2);
    await fixture.database.owner`update invocation set trace_id = 'no trace' where invocation_id = ${bad}`;
    await age(first, 4);
    await sweep(first);
    expect(await records.statusOf(bad)).toMatchObject({ status: "RUNNING" });
    expect(await records.statusOf(good)).toMatchObject({ status: "FAILED" });
    await fixture.database.owner`update invocation set trace_id = '' where invocation_id = ${bad}`;
    await sweep(first);
    expect(await records.statusOf(bad)).toMatchObject({ status: "FAILED" });
  });

  it("reads what runs and nothing of what has ended", async () => {
    await fixture.database
      .owner`insert into invocation (tenant, invocation_id, idempotency_key, actor, tool, tool_version,
        effect, isolation, args, args_digest, decision_id, trace_id, status, executor_id, finished_at)
      select 'acme', gen_random_uuid(), 'ended ' || i, 'user:ada', 'echo', '1', 'pure', 'none', '{}', '', gen_random_uuid(),
        '', 'SUCCEEDED', ${newId()}, clock_timestamp() from generate_series(1, 20000) i`;
    await fixture.database.owner`analyze invocation`;
    // One connection, whose counters of rows that a scan of the table read can be asked for.
    const url = fixture.database.urls.worker;
    const worker = connect({ url, schema: fixture.database.schema, applicationName: "counted", max: 1 });
    const readRows = async () => {
      await worker`select pg_stat_force_next_flush()`;
      const [row] = await worker<{ rows: number }[]>`select seq_tup_read::int as rows from pg_stat_user_tables
        where relname = 'invocation' and schemaname = ${fixture.database.schema}`;
      return row?.rows ?? 0;
    };
    const before = await readRows();
    await sweepAbandoned({ ...first.deps, worker, log: createSilentLog() });
    const read = (await readRows()) - before;
    await worker.end({ timeout: 1 });
    expect(read).toBeLessThan(20_000);
  });
});
