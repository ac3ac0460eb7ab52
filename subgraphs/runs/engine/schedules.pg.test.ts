import { loadBudgets } from "@soma/conf/budgets";
import { loadTenants } from "@soma/conf/tenants";
import { graph } from "@soma/sdk/graph";
import { createSilentLog } from "@soma/shared/log";
import type { Sql } from "@soma/shared/postgres/connect";
import { aPrincipal } from "@soma/shared/testing/principals";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createAdmission } from "../commands/admission.ts";
import { type CreateScheduleParams, createSchedule } from "../commands/create-schedule.ts";
import { deleteSchedule } from "../commands/delete-schedule.ts";
import { pauseSchedule } from "../commands/pause-schedule.ts";
import { createRunBudgets } from "../commands/run-budgets.ts";
import { createRunStarter } from "../commands/run-starter.ts";
import { startDueRuns } from "../commands/start-due-runs.ts";
import type { StartRunDeps } from "../commands/start-run.ts";
import { settleTick } from "../store/settle-tick.ts";
import type { ScheduleRow } from "../store/tables.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";
import { createGraphRegistry } from "./graphs/graph-registry.ts";

const one = graph("one", 1, {})
  .node("only", { type: "tool", run: () => ({ summary: "done" }) })
  .build(() => "done");

let harness: EngineHarness;
let now: Date;

beforeAll(async () => {
  harness = await createEngineHarness([one]);
});
afterAll(() => harness.close());
beforeEach(async () => {
  now = new Date("2026-11-26T08:59:30Z");
  await harness.database.owner`truncate schedule, run`;
});

function deps(
  sql: Sql,
  graphs = [one],
): StartRunDeps & {
  sql: Sql;
  log: ReturnType<typeof createSilentLog>;
} {
  return {
    sql,
    starter: createRunStarter(sql),
    graphs: createGraphRegistry(graphs),
    admission: createAdmission({ sql, tenants: loadTenants(), now: () => now }),
    runBudgets: createRunBudgets({ sql: sql, conf: loadBudgets() }),
    defaultRole: "assistant",
    pickProfile: () => "scripted",
    now: () => now,
    log: createSilentLog(),
  };
}

const create = (params: Partial<CreateScheduleParams> = {}): Promise<ScheduleRow> =>
  createSchedule(deps(harness.database.request), aPrincipal(), {
    name: "every hour",
    cron: "0 * * * *",
    timeZone: "UTC",
    overlap: "SKIP",
    graph: "one",
    input: { text: "hello" },
    idempotencyKey: "k",
    ...params,
  });
const tick = (graphs = [one]): Promise<boolean> => startDueRuns(deps(harness.database.worker, graphs));
const skipTo = (instant: string): void => {
  now = new Date(instant);
};
const runs = () =>
  harness.database
    .owner`select run_id, session_id, status, control, idem_key, started_by, role from run order by created_at, run_id`;
const read = async () => (await harness.database.owner`select * from schedule`)[0];
const endRuns = () => harness.database.owner`update run set status = 10`;

describe("a schedule", () => {
  it("starts a run when its time has come, in the name of who made it, and none before", async () => {
    const { scheduleId } = await create();
    await tick();
    expect(await runs()).toHaveLength(0);
    skipTo("2026-11-26T09:00:00Z");
    await tick();
    await tick();
    const key = `schedule:${scheduleId}:2026-11-26T09:00:00.000Z`;
    expect(await runs()).toMatchObject([{ idem_key: key, started_by: "user:ada", role: "assistant" }]);
    expect(await read()).toMatchObject({ next_at: new Date("2026-11-26T10:00:00Z"), fault: null });
  });

  it("starts one run for all times it missed", async () => {
    await create();
    skipTo("2026-11-28T12:34:56Z");
    await tick();
    await tick();
    expect(await runs()).toHaveLength(1);
    expect(await read()).toMatchObject({ next_at: new Date("2026-11-28T13:00:00Z") });
  });

  it("starts one run although many workers look at once, and one that died had started it already", async () => {
    await create();
    skipTo("2026-11-26T09:00:00Z");
    await Promise.all([tick(), tick(), tick(), tick()]);
    expect(await runs()).toHaveLength(1);
    // As if the one that started it had died before it wrote so.
    await harness.database
      .owner`update schedule set next_at = last_tick_at, last_run_id = null, leased_until = ${new Date("2026-11-26T09:00:30Z")}`;
    await tick();
    expect(await read()).toMatchObject({ last_run_id: null });
    skipTo("2026-11-26T09:00:30Z");
    await tick();
    expect(await runs()).toHaveLength(1);
    expect(await read()).toMatchObject({ last_run_id: (await runs())[0]?.run_id });
  });

  it.each([
    ["SKIP", 1],
    ["QUEUE", 2],
    ["CANCEL_PREVIOUS", 2],
  ] as const)("with %s has %i runs when the first has not ended at the second time", async (overlap, count) => {
    await create({ overlap });
    for (const instant of ["2026-11-26T09:00:00Z", "2026-11-26T10:00:00Z"]) {
      skipTo(instant);
      await tick();
    }
    const [first, second] = await runs();
    expect(await runs()).toHaveLength(count);
    expect(first?.control).toBe(overlap === "CANCEL_PREVIOUS" ? 1 : 0);
    expect(second?.session_id === first?.session_id).toBe(overlap === "QUEUE");
    const fault = overlap === "SKIP" ? `run ${first?.run_id} of an earlier time had not ended` : null;
    expect(await read()).toMatchObject({ fault, last_run_id: second?.run_id ?? first?.run_id });
    await endRuns();
    skipTo("2026-11-26T11:00:00Z");
    await tick();
    expect(await runs()).toHaveLength(count + 1);
  });

  it("rests while it is paused and makes up for nothing, and is gone when deleted", async () => {
    const { scheduleId } = await create();
    const at = deps(harness.database.request);
    expect(await pauseSchedule(at, aPrincipal(), { scheduleId, isPaused: true })).toMatchObject({ nextAt: null });
    skipTo("2026-11-26T12:30:00Z");
    await tick();
    const resumed = await pauseSchedule(at, aPrincipal(), { scheduleId, isPaused: false });
    expect(resumed.nextAt).toEqual(new Date("2026-11-26T13:00:00Z"));
    await tick();
    expect(await runs()).toHaveLength(0);
    const stranger = aPrincipal({ tenant: "other" });
    await expect(deleteSchedule(at.sql, stranger, { scheduleId })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await deleteSchedule(at.sql, aPrincipal(), { scheduleId });
    skipTo("2026-11-26T13:00:00Z");
    await tick();
    expect(await runs()).toHaveLength(0);
  });

  it("says why it started nothing, and goes on when its graph is there again", async () => {
    await create();
    skipTo("2026-11-26T09:00:00Z");
    await tick([]);
    expect(await read()).toMatchObject({ fault: expect.stringContaining('there is no graph "one"') });
    skipTo("2026-11-26T10:00:00Z");
    await tick();
    expect(await read()).toMatchObject({ fault: null });
    expect(await runs()).toHaveLength(1);
  });

  it("is the same for the same key and body, and refused for another body, a bad time or one too many", async () => {
    const first = await create();
    expect((await create()).scheduleId).toBe(first.scheduleId);
    await expect(create({ cron: "1 * * * *" })).rejects.toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
    await expect(create({ cron: "x", idempotencyKey: "b" })).rejects.toMatchObject({ code: "BAD_INPUT" });
    await harness.database
      .owner`insert into schedule (tenant, schedule_id, name, cron, time_zone, overlap, graph, input, role, model_profile, created_by, idem_key, idem_digest, created_at)
      select tenant, gen_random_uuid(), name, cron, time_zone, overlap, graph, input, role, model_profile, created_by, 'more ' || no, '', created_at
        from schedule, generate_series(1, 99) no`;
    await expect(create({ idempotencyKey: "beyond" })).rejects.toThrow("has 100 schedules");
    expect((await create()).scheduleId).toBe(first.scheduleId);
  });

  it("remembers the run of a tick that was paused before it was noted, so that none runs beside it", async () => {
    await create();
    skipTo("2026-11-26T09:00:00Z");
    await tick();
    const [started] = await runs();
    const { schedule_id: scheduleId, last_tick_at: tickAt } = (await read()) ?? {};
    // As if it had died before it could say what came of it.
    await harness.database.owner`update schedule set next_at = ${tickAt}, last_tick_at = null, last_run_id = null`;
    await pauseSchedule(deps(harness.database.request), aPrincipal(), { scheduleId, isPaused: true });
    const came = { tickAt, nextAt: new Date("2026-11-26T10:00:00Z"), runId: started?.run_id, fault: null };
    await settleTick(harness.database.worker, { tenant: "acme", scheduleId, ...came });
    expect(await read()).toMatchObject({ last_run_id: started?.run_id, next_at: null, is_paused: true });
    await pauseSchedule(deps(harness.database.request), aPrincipal(), { scheduleId, isPaused: false });
    skipTo("2026-11-26T10:00:00Z");
    await tick();
    expect(await runs()).toHaveLength(1);
  });

  it("is the same one for the same body, whatever the defaults have become meanwhile", async () => {
    const { scheduleId } = await create();
    const other = {
      ...deps(harness.database.request),
      pickProfile: () => "other",
    };
    const body = { name: "every hour", cron: "0 * * * *", timeZone: "UTC", overlap: "SKIP" as const, graph: "one" };
    const again = { ...body, input: { text: "hello" }, idempotencyKey: "k" };
    expect((await createSchedule(other, aPrincipal(), again)).scheduleId).toBe(scheduleId);
  });
});
