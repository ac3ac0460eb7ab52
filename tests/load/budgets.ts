/**
 * What a call of a model pays for its budgets: so many calls, each reserved and settled in a statement of its own, over
 * twelve connections; of one tenant, whose row all of them need, and of sixteen. Prints one JSON object.
 *
 *   node_modules/.bin/node tests/load/budgets.ts [calls, 1000 when left out]
 */
import setup from "@soma/local/test-postgres";
import { connect, type Sql } from "@soma/shared/postgres/connect";
import { createTestDatabase } from "@soma/shared/testing/database";
import { runsMigrations } from "../../subgraphs/runs/migrate.ts";
import { reserveBudget } from "../../subgraphs/runs/store/reserve-budget.ts";
import { settleBudget } from "../../subgraphs/runs/store/settle-budget.ts";
import { insertExecutingRun } from "../../subgraphs/runs/testing/insert-executing-run.ts";

const calls = Number(process.argv[2] ?? 1_000);
if (!Number.isInteger(calls) || calls < 1 || calls > 1_000_000)
  throw new Error(`"${process.argv[2]}" is not a number of calls, 1 to 1000000`);

const want = { money: 1_000, tokens: 100, modelCalls: 1, toolCalls: 0 };
const used = { money: 500, inputTokens: 40, cachedTokens: 0, outputTokens: 10, modelCalls: 1, toolCalls: 0 };

const stop = await setup();
const database = await createTestDatabase("runs", await runsMigrations());
const sql = connect({ url: database.urls.worker, schema: database.schema, applicationName: "load-budgets", max: 12 });

async function measure(tenants: number) {
  const runs = await Promise.all(
    Array.from({ length: tenants }, async (_each, no) => {
      const tenant = `tenants-${tenants}-${no}`;
      return { tenant, runId: await insertExecutingRun(database.owner, tenant) };
    }),
  );
  const limits = [{ scope: "tenant", name: "", daily: true, money: 1e15 }] as const;
  const times = { reserve: [] as number[], settle: [] as number[] };
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: calls }, async (_each, index) => {
      const run = runs[index % tenants] ?? runs[0];
      if (run === undefined) return;
      const call = { ...run, epoch: 1, step: 1, call: String(index), profile: "m" };
      await timed(times.reserve, (tx) => reserveBudget(tx as never, { ...call, limits, want, isPriced: true }));
      await timed(times.settle, (tx) => settleBudget(tx as never, { ...call, used }));
    }),
  );
  const seconds = (performance.now() - begun) / 1_000;
  const median = (all: number[]) => Number(all.toSorted((a, b) => a - b)[all.length >> 1]?.toFixed(1));
  return {
    tenants,
    calls,
    statementsOfCall: (times.reserve.length + times.settle.length) / calls,
    seconds: Number(seconds.toFixed(2)),
    callsPerSecond: Math.round(calls / seconds),
    medianMs: { reserve: median(times.reserve), settle: median(times.settle) },
  };
}

/** From when a connection is there. */
async function timed(into: number[], ask: (tx: Sql) => Promise<unknown>): Promise<void> {
  const tx = await sql.reserve();
  const begun = performance.now();
  await ask(tx).finally(() => tx.release());
  into.push(performance.now() - begun);
}

process.stdout.write(`${JSON.stringify([await measure(1), await measure(16)], null, 2)}\n`);
await sql.end({ timeout: 2 });
await database.close();
await stop?.();
