import type { BudgetsConf } from "@soma/conf/budgets";
import { askModel } from "@soma/sdk/ask-model";
import { graph, replaced } from "@soma/sdk/graph";
import type { ModelUsage } from "@soma/sdk/model-client";
import { newId } from "@soma/shared/ids";
import { transaction } from "@soma/shared/postgres/transaction";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterEach, describe, expect, it } from "vitest";
import { decideApproval } from "../commands/decide-approval.ts";
import { type RaiseBudgetParams, raiseBudget } from "../commands/raise-budget.ts";
import { createSweep } from "../commands/sweep-budgets.ts";
import { WORK_WAITS } from "../domain/hints.ts";
import { RUN_STATUS } from "../domain/run-status.ts";
import { approvalIdOf, budgetName } from "../domain/wait-names.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";
import {
  A_MILLIONTH,
  budgetsWith,
  countedServices,
  createPricedModel,
  type PricedModel,
} from "../testing/priced-model.ts";
import { createJournalSource } from "./journal/journal-source.ts";

const HOUR_MS = 3_600_000;
const bob = aPrincipal({ subject: "user:bob", roles: ["approver"] });

const asks = graph("asks", 1, { answer: replaced("") })
  .node("ask", askModel({ into: (text) => ({ answer: text }) }))
  .build((state) => state.answer);

describe("a run under a budget", () => {
  let harness: EngineHarness;
  let model: PricedModel;
  afterEach(() => harness.close());

  async function begin(conf: BudgetsConf, usage?: ModelUsage, maxOutputTokens = 1_000) {
    model = createPricedModel(usage, { ...A_MILLIONTH, maxOutputTokens });
    const services = countedServices(model, () => harness.database.worker, conf);
    harness = await createEngineHarness([asks], { services, budgets: conf });
    return harness;
  }
  const standing = async (scope = "tenant") => {
    const [row] = await harness.database.owner<{ spent: number; reserved: number }[]>`
      select (spent).money::int as spent, (reserved).money::int as reserved from budget where scope = ${scope} and tenant = 'acme' limit 1`;
    return row;
  };
  const waits = (runId: string) =>
    until(`${runId} waits`, async () => (await harness.find(runId))?.status === RUN_STATUS.WAITING_APPROVAL.code);
  const endOf = async (runId: string) => {
    await harness.finished(runId);
    return (await harness.history(runId)).at(-1)?.payload;
  };
  const raise = (conf: BudgetsConf, by: string, changes: Partial<RaiseBudgetParams> = {}) =>
    raiseBudget({ sql: harness.database.request, budgets: conf }, bob, {
      ...{ scope: "tenant", daily: false, measure: "money", by, reason: "more is fine", idempotencyKey: newId() },
      ...changes,
    });
  const decide = (runId: string, call: number, approve: boolean) =>
    decideApproval(harness.database.request, bob, {
      ...{ approvalId: approvalIdOf(runId, budgetName(1, call)), approve, idempotencyKey: newId() },
    });

  it("of money spends no more than it has, however many run at once: 256 of which each wants a thousandth", async () => {
    const conf = budgetsWith({ total: { money: 0.05 } }, { whenSpent: "end" });
    await begin(conf, { inputTokens: 900, outputTokens: 100 }, 100);
    const { life } = await harness.startWorker(256);
    const counted = await harness.start({ graph: "asks" });
    const rest = await Promise.all(Array.from({ length: 255 }, () => harness.start({ graph: "asks" })));
    expect(new Set([counted, ...rest].map(({ runId }) => runId)).size).toBe(256);
    // Who waits only for what others have reserved does not wait for the clock here.
    const ended = await until(
      "all have ended",
      async () => {
        harness.skip(2_000);
        await harness.database
          .owner`update run set available_at = clock_timestamp() where status = ${RUN_STATUS.PARKED.code}`;
        harness.wakeUp.changed(WORK_WAITS);
        const rows = await harness.database.owner<{ status: number }[]>`select status from run where status >= 10`;
        return rows.length === 256 ? rows.map(({ status }) => status) : undefined;
      },
      25_000,
    );
    const { spent, reserved } = (await standing()) ?? {};
    expect(reserved).toBe(0);
    expect(spent).toBeLessThanOrEqual(50_000);
    const good = ended.filter((status) => status === RUN_STATUS.SUCCEEDED.code).length;
    expect(spent).toBe(good * 1_000);
    expect(model.asked.length).toBe(good);
    // Nothing that would have fitted was left: a call takes at most what is left of two.
    expect(good).toBeGreaterThanOrEqual(45);
    const [lost] = await harness.database.owner<{ code: string }[]>`
      select distinct j.payload #>> '{error,code}' as code from journal j where j.kind = 5`;
    expect(lost).toEqual({ code: "BUDGET_EXCEEDED" });
    await life.close();
  }, 60_000);

  it("waits for a person when it is spent; who raises it lets it go on, and others that wait for the same", async () => {
    const conf = budgetsWith({ total: { money: 0 } });
    await begin(conf);
    const { life } = await harness.startWorker();
    const [one, two] = await Promise.all([1, 2].map(() => harness.start({ graph: "asks" })));
    const runIds = [one?.runId ?? "", two?.runId ?? ""];
    for (const runId of runIds) await waits(runId);
    expect(model.asked).toEqual([]);
    const [asked] = (await harness.history(runIds[0] as string)).filter(({ kind }) => kind === "APPROVAL_ASKED");
    expect(asked?.payload).toMatchObject({
      question: expect.stringMatching(
        /^the budget of the tenant is spent: 0\.00 of 0\.00 USD of money.*Raise it by 0\.00/,
      ),
      role: "approver",
    });
    await expect(
      raiseBudget({ sql: harness.database.request, budgets: conf }, aPrincipal(), {
        ...{ scope: "tenant", daily: false, measure: "money", by: "1", reason: "r", idempotencyKey: "k" },
      }),
    ).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await raise(conf, "1", { idempotencyKey: "k" })).toBe(2);
    expect(await raise(conf, "1", { idempotencyKey: "k" })).toBe(0);
    harness.wakeUp.changed(WORK_WAITS);
    for (const runId of runIds) expect(await endOf(runId)).toEqual({ answer: "hello" });
    expect(await standing()).toEqual({ spent: 1_000, reserved: 0 });
    expect(
      await harness.database
        .owner`select (raised).money::int as raised from budget where scope = 'tenant' and not isfinite(day)`,
    ).toEqual([{ raised: 1_000_000 }]);
    await life.close();
  });

  it("is raised by who allows what it asks, once, and ends when that is refused", async () => {
    const conf = budgetsWith({ run: { modelCalls: 0 } });
    await begin(conf);
    const first = await harness.startWorker();
    const { runId } = await harness.start({ graph: "asks" });
    await waits(runId);
    await first.kill();
    await decide(runId, 0, true);
    const second = await harness.startWorker();
    expect(await endOf(runId)).toEqual({ answer: "hello" });
    expect(await harness.database.owner`select raised_by, (amount).model_calls::int as by from budget_raise`).toEqual([
      { raised_by: "user:bob", by: 1 },
    ]);
    const other = await harness.start({ graph: "asks" });
    await waits(other.runId);
    await decide(other.runId, 0, false);
    expect(await endOf(other.runId)).toEqual({
      error: { code: "BUDGET_EXCEEDED", message: "user:bob did not raise the budget" },
    });
    await second.life.close();
  });

  it.each([0, 37, -37])(
    "of a day waits until it is over in the database, by a clock that is %i hours off",
    async (off) => {
      await begin(budgetsWith({ day: { toolCalls: 5, modelCalls: 0 } }));
      harness.skip(off * HOUR_MS);
      const { life } = await harness.startWorker();
      const { runId } = await harness.start({ graph: "asks" });
      await waits(runId);
      const [parked] = (await harness.history(runId)).filter(({ kind }) => kind === "STEP_PARKED");
      const until = Date.parse(String(parked?.payload.until)) - off * HOUR_MS;
      // The two clocks are read one after the other.
      expect(new Date(until).toISOString()).toMatch(/T00:0/);
      const [wait] = await harness.database.owner<{ endsToday: boolean }[]>`
      select ${new Date(until)}::timestamptz < clock_timestamp() + interval '24 hours 10 minutes' as "endsToday"`;
      expect(wait).toEqual({ endsToday: true });
      await life.close();
    },
  );

  it("gives back what it reserved when its worker is held dead, and counts what that comes to all the same", async () => {
    await begin(budgetsWith({ total: { money: 0.003 } }));
    const reached = Promise.withResolvers<void>();
    const stuck = Promise.withResolvers<void>();
    const { answer } = model;
    model.answer = async function* (request) {
      reached.resolve();
      await stuck.promise;
      yield* answer(request);
    };
    const first = await harness.startWorker();
    const { runId } = await harness.start({ graph: "asks" });
    await reached.promise;
    const held = (await standing())?.reserved ?? 0;
    expect(held).toBeGreaterThan(1_500);
    const gone = first.kill();
    model.answer = answer;
    // What the dead one holds leaves no room for the same call again.
    const second = await harness.startWorker();
    expect(await endOf(runId)).toEqual({ answer: "hello" });
    expect(await standing()).toEqual({ spent: 500, reserved: 0 });
    stuck.resolve();
    await gone;
    await createSweep(harness.database.worker)();
    expect(await standing()).toEqual({ spent: 1_000, reserved: 0 });
    expect(await harness.database.owner`select (total).model_calls::int as calls from usage`).toEqual([{ calls: 2 }]);
    await second.life.close();
  });

  it("is told with what it used, at its end and with the answer of each step", async () => {
    await begin(budgetsWith({}));
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "asks" });
    await harness.finished(runId);
    const source = createJournalSource(harness.database.worker, { currency: "USD" });
    const read = await until("its events can be read", async () => {
      const { rows } = await source.next();
      return rows.length === 3 ? rows : undefined;
    });
    const counts = { input_tokens: 400, output_tokens: 100 };
    const cost = { cost: "0.0005", currency: "USD" };
    expect(read.map(({ type, record }) => [type, JSON.parse(record.value).usage])).toEqual([
      ["agent.runs.v1", undefined],
      ["agent.steps.v1", { ...counts, ...cost }],
      ["agent.runs.v1", { ...counts, cached_tokens: 0, model_calls: 1, tool_calls: 0, ...cost }],
    ]);
    expect(read.map(({ fault }) => fault)).toEqual([undefined, undefined, undefined]);
    await life.close();
  });

  it("has limits of its own beside those of its tenant, and is asked for no longer answer than is left", async () => {
    await begin(budgetsWith({ run: { money: 5 } }, { whenSpent: "end" }));
    const { life } = await harness.startWorker();
    const short = await harness.start({ graph: "asks", budget: { money: "0.001600" } });
    expect(await endOf(short.runId)).toEqual({ answer: "hello" });
    expect(model.asked[0]?.maxOutputTokens).toBeLessThan(1_000);
    expect(model.asked[0]?.maxOutputTokens).toBeGreaterThanOrEqual(128);
    const none = await harness.start({ graph: "asks", budget: { money: "0", seconds: 9 } });
    expect(await endOf(none.runId)).toMatchObject({ error: { code: "BUDGET_EXCEEDED" } });
    const [took] = await harness.database.owner<{ seconds: number }[]>`
      select extract(epoch from deadline - created_at)::float8 as seconds from run where run_id = ${none.runId}`;
    expect(took).toEqual({ seconds: 9 });
    const wrong = harness.start({ graph: "asks", budget: { money: "-1" } });
    await expect(wrong).rejects.toThrow(/is no amount of money/);
    const open = await transaction(harness.database.request, { tenant: "other" }, (tx) => tx`select from budget`);
    expect(open).toHaveLength(0);
    await life.close();
  });
});
