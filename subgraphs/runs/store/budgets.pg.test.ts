import { newId } from "@soma/shared/ids";
import { connect, type Sql } from "@soma/shared/postgres/connect";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Amounts, BudgetLimit, Used } from "../domain/spending.ts";
import { runsMigrations } from "../migrate.ts";
import { insertExecutingRun } from "../testing/insert-executing-run.ts";
import { reserveBudget, type SpendingCall } from "./reserve-budget.ts";
import { settleBudget } from "./settle-budget.ts";
import { sweepBudget } from "./sweep-budget.ts";

const CALLS = 1_000;
const COST = 1_000;
/** Room for so many of them. */
const ROOM = 400;

let database: TestDatabase;
/** Three processes with four connections each. */
let pools: Sql[];
beforeAll(async () => {
  database = await createTestDatabase("runs", await runsMigrations());
  const { schema, urls } = database;
  pools = [1, 2, 3].map((no) => connect({ url: urls.worker, schema, applicationName: `budgets-${no}`, max: 4 }));
});
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end({ timeout: 2 })));
  await database.close();
});

const aRun = (tenant: string, of?: { root: string }) => insertExecutingRun(database.owner, tenant, of);
const limit = (most: Partial<Amounts>, key: Partial<BudgetLimit> = {}): BudgetLimit => ({
  ...{ scope: "tenant", name: "", daily: true },
  ...key,
  ...most,
});
const want = (changes: Partial<Amounts> = {}): Amounts => ({
  ...{ money: COST, tokens: 10, modelCalls: 1, toolCalls: 0 },
  ...changes,
});
const used = (changes: Partial<Used> = {}): Used => ({
  ...{ money: COST, inputTokens: 4, cachedTokens: 1, outputTokens: 6, modelCalls: 1, toolCalls: 0 },
  ...changes,
});
const reserve = (
  sql: Sql,
  call: Partial<SpendingCall> & { tenant: string; runId: string },
  limits: readonly BudgetLimit[] = [],
  rest: { want?: Amounts; isPriced?: boolean } = {},
) =>
  reserveBudget(sql as never, {
    ...{ epoch: 1, step: 1, call: newId(), profile: "m", limits, want: want(), isPriced: true },
    ...call,
    ...rest,
  });
const settle = (tenant: string, runId: string, call: string, came: Used = used()) =>
  settleBudget(database.worker as never, { tenant, runId, call, used: came });
const sweep = (tenant: string) => sweepBudget(database.worker as never, { tenant });
const standing = async (tenant: string, scope = "tenant", daily = true) => {
  const [row] = await database.owner<{ spent: Record<string, number>; reserved: Record<string, number> }[]>`
    select to_jsonb(spent) as spent, to_jsonb(reserved) as reserved from budget
     where tenant = ${tenant} and scope = ${scope} and isfinite(day) = ${daily}`;
  return { spent: row?.spent.money, reserved: row?.reserved.money };
};

describe("budgets", () => {
  it(`${CALLS} reservations at once never pass the limit, at no moment, and what is settled frees what it did not use`, async () => {
    const tenant = "crowd";
    const most = ROOM * COST;
    const runs = await Promise.all(Array.from({ length: 16 }, () => aRun(tenant)));
    const seen: number[] = [];
    const look = async () => {
      const { spent = 0, reserved = 0 } = await standing(tenant);
      seen.push(spent + reserved);
    };
    const verdicts = await Promise.all(
      Array.from({ length: CALLS }, async (_each, index) => {
        const runId = runs[index % runs.length] as string;
        const call = `1.1.${index}`;
        const { verdict } = await reserve(pools[index % pools.length] as Sql, { tenant, runId, call }, [
          limit({ money: most }),
        ]);
        if (index % 20 === 0) await look();
        if (verdict === "OK" && index % 4 === 0) await settle(tenant, runId, call, used({ money: COST / 2 }));
        return verdict;
      }),
    );
    const { spent = 0, reserved = 0 } = await standing(tenant);
    expect(seen).toHaveLength(CALLS / 20);
    expect(Math.max(...seen)).toBeLessThanOrEqual(most);
    expect(spent + reserved).toBeLessThanOrEqual(most);
    expect(new Set(verdicts)).toEqual(new Set(["OK", "BUSY"]));
    expect(verdicts.filter((verdict) => verdict === "OK").length).toBeGreaterThanOrEqual(ROOM);
    const [held] =
      await database.owner`select count(*)::int as open, coalesce(sum((held).money), 0)::int as money from reservation
      where tenant = ${tenant} and settled_at is null`;
    expect(held).toMatchObject({ money: reserved });
  }, 60_000);

  it("reserves in all budgets of a call or in none, and tells which is in the way", async () => {
    const tenant = "all-or-none";
    const runId = await aRun(tenant);
    const limits = [
      limit({ money: 10 * COST }),
      limit({ tokens: 25 }, { scope: "role", name: "assistant", daily: false }),
      limit({ modelCalls: 9 }, { scope: "agent", name: "assistant" }),
      limit({ toolCalls: 0 }, { scope: "run", daily: false }),
      limit({ money: 0 }, { scope: "role", name: "another" }),
    ];
    const calls = ["a", "b", "c"];
    const answers = [];
    for (const call of calls) answers.push(await reserve(database.worker, { tenant, runId, call }, limits));
    expect(answers).toMatchObject([
      { verdict: "OK", capped: true },
      { verdict: "OK" },
      {
        verdict: "BUSY",
        ...{ scope: "role", name: "assistant", daily: false, measure: "tokens", most: 25, spent: 0, reserved: 20 },
        ...{ leftMoney: 10 * COST, leftTokens: 25 },
      },
    ]);
    expect(await standing(tenant)).toEqual({ spent: 0, reserved: 2 * COST });
    for (const call of ["a", "b"]) expect(await settle(tenant, runId, call)).toBe(true);
    expect(await reserve(database.worker, { tenant, runId }, limits)).toMatchObject({
      ...{ verdict: "EXCEEDED", measure: "tokens", spent: 20, reserved: 0, leftTokens: 5 },
    });
    const tool = want({ money: 0, tokens: 0, modelCalls: 0, toolCalls: 1 });
    expect(await reserve(database.worker, { tenant, runId }, limits, { want: tool })).toMatchObject({
      ...{ verdict: "EXCEEDED", scope: "run", name: runId, measure: "toolCalls" },
    });
    expect(await standing(tenant)).toEqual({ spent: 2 * COST, reserved: 0 });
  });

  it("counts a call once, however often it is reserved for and settled, and never as more than was reserved", async () => {
    const tenant = "once";
    const runId = await aRun(tenant);
    const call = { tenant, runId, call: "tool:1" };
    const limits = [limit({ money: 3 * COST })];
    for (const _again of [1, 2]) expect((await reserve(database.worker, call, limits)).verdict).toBe("OK");
    expect(await standing(tenant)).toEqual({ spent: 0, reserved: COST });
    expect(await settle(tenant, runId, "tool:1", used({ money: 9 * COST }))).toBe(true);
    expect(await settle(tenant, runId, "tool:1")).toBe(false);
    expect((await reserve(database.worker, call, limits)).verdict).toBe("OK");
    expect(await standing(tenant)).toEqual({ spent: COST, reserved: 0 });
    expect(
      await database.owner`select day = current_date as today, role, agent, profile, to_jsonb(total) as total, input_tokens::int as input,
        cached_tokens::int as cached, output_tokens::int as output from usage where tenant = ${tenant}`,
    ).toMatchObject([
      { role: "assistant", agent: "assistant", profile: "m", total: { money: COST }, input: 4, cached: 1, output: 6 },
    ]);
  });

  it("gives back what was reserved under an ownership that is over, and leaves alone what is under way", async () => {
    const tenant = "orphans";
    const [dead, ended, parked, alive] = await Promise.all([1, 2, 3, 4].map(() => aRun(tenant)));
    for (const runId of [dead, ended, parked, alive] as string[])
      await reserve(database.worker, { tenant, runId, call: "1.1.1.0.1" }, []);
    expect(await sweep(tenant)).toBe(0);
    await database.owner`update run set epoch = 2 where run_id = ${dead as string}`;
    await database.owner`update run set status = 10 where run_id = ${ended as string}`;
    await database.owner`update run set status = 2, worker_id = null where run_id = ${parked as string}`;
    expect(await sweep(tenant)).toBe(3);
    expect(await standing(tenant)).toEqual({ spent: 0, reserved: COST });
    expect(await sweep(tenant)).toBe(0);
    // Whoever was held dead reserves no more, and what it spent meanwhile counts, once.
    expect(await reserve(database.worker, { tenant, runId: dead as string }, [])).toMatchObject({ verdict: "FENCED" });
    expect(await settle(tenant, dead as string, "1.1.1.0.1")).toBe(true);
    expect(await settle(tenant, dead as string, "1.1.1.0.1")).toBe(false);
    expect(await standing(tenant)).toEqual({ spent: COST, reserved: COST });
    expect(await settle(tenant, alive as string, "1.1.1.0.1")).toBe(true);
    expect(await standing(tenant)).toEqual({ spent: 2 * COST, reserved: 0 });
  });

  it("holds anew for a call that is made again after it was given back", async () => {
    const tenant = "again";
    const runId = await aRun(tenant);
    await reserve(database.worker, { tenant, runId, call: "tool:1" }, []);
    await database.owner`update run set epoch = 2 where run_id = ${runId}`;
    expect(await sweep(tenant)).toBe(1);
    expect(await reserve(database.worker, { tenant, runId, epoch: 2, call: "tool:1" }, [])).toMatchObject({
      verdict: "OK",
    });
    expect(await standing(tenant)).toEqual({ spent: 0, reserved: COST });
    expect(await settle(tenant, runId, "tool:1")).toBe(true);
    expect(await standing(tenant)).toEqual({ spent: COST, reserved: 0 });
  });

  it("counts what a run has started as the run's, and takes its figures away with it", async () => {
    const tenant = "tree";
    const parent = await aRun(tenant);
    const child = await aRun(tenant, { root: parent });
    const limits = [limit({ money: COST }, { scope: "run", daily: false })];
    expect((await reserve(database.worker, { tenant, runId: child, call: "c" }, limits)).verdict).toBe("OK");
    await settle(tenant, child, "c");
    const over = await reserve(database.worker, { tenant, runId: parent }, limits);
    expect(over).toMatchObject({ verdict: "EXCEEDED", scope: "run", name: parent });
    await database.owner`delete from run where tenant = ${tenant}`;
    expect(await database.owner`select scope from budget where tenant = ${tenant} and scope = 'run'`).toEqual([]);
    expect(await database.owner`select from reservation where tenant = ${tenant}`).toHaveLength(0);
    expect(await standing(tenant)).toEqual({ spent: COST, reserved: 0 });
  });

  it("calls no model of unknown price where money is limited, also by what a run was started with", async () => {
    const tenant = "unpriced";
    const runId = await aRun(tenant);
    const unpriced = { isPriced: false };
    expect(
      await reserve(database.worker, { tenant, runId, call: "u" }, [limit({ tokens: 99 })], unpriced),
    ).toMatchObject({ verdict: "OK", capped: true });
    await settle(tenant, runId, "u", used({ money: 0 }));
    expect(await reserve(database.worker, { tenant, runId }, [limit({ money: 99 })], unpriced)).toMatchObject({
      verdict: "UNPRICED",
    });
    await database.owner`update budget set own = row(${COST}, null, null, null)::amounts where tenant = ${tenant} and scope = 'run'`;
    expect(await reserve(database.worker, { tenant, runId }, [], unpriced)).toMatchObject({ verdict: "UNPRICED" });
    expect(await reserve(database.worker, { tenant, runId, call: "x" }, [])).toMatchObject({
      ...{ verdict: "OK", capped: true },
    });
    await settle(tenant, runId, "x");
    expect(await reserve(database.worker, { tenant, runId }, [])).toMatchObject({ verdict: "EXCEEDED", scope: "run" });
  });

  it("tells tenants apart", async () => {
    const runId = await aRun("mine");
    await reserve(database.worker, { tenant: "mine", runId }, []);
    expect(await reserve(database.worker, { tenant: "theirs", runId }, [])).toMatchObject({ verdict: "FENCED" });
    expect(await database.request`select * from budget`).toEqual([]);
  });
});
