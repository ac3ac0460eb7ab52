import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { toSomaError } from "../../errors.ts";
import { createLog } from "../../log.ts";
import { connect, type Sql } from "../connect.ts";
import { holdLiveness, LOCK_CLASS } from "../liveness.ts";
import { createNotifiedWakeUp } from "../notified-wake-up.ts";
import { transaction } from "../transaction.ts";
import { createBreakableProxy } from "./breakable-proxy.ts";
import { until, type World, within } from "./world.ts";

type Story = (world: World) => Promise<void>;

/** A wait for a connection ends after 5 s. */
const LONGEST_MS = 6_000;
/** How soon work goes on after the database is back. */
const BACK_MS = 5_000;

function poolOf(world: World, max: number, url = world.url): Sql {
  return connect({ url, schema: "public", applicationName: world.name, max });
}

async function killAll(world: World): Promise<void> {
  await world.admin`select pg_terminate_backend(pid) from pg_stat_activity where application_name = ${world.name}`;
}

/** Does the work; gives the code of what it failed with. Throws for a failure that is not told as a passing one. */
async function passing(work: () => Promise<unknown>): Promise<string> {
  const started = performance.now();
  let code = "OK";
  try {
    await work();
  } catch (error) {
    const known = toSomaError(error);
    if (!known.retryable || known.cause === undefined)
      throw new Error(`a lost connection is told as ${known.code}, without a cause or not retryable`, { cause: error });
    code = known.code;
  }
  const tookMs = performance.now() - started;
  if (tookMs > LONGEST_MS) throw new Error(`it took ${Math.round(tookMs)} ms and ended with ${code}`);
  return code;
}

/** Losses during everything our own pool, transactions, hints and liveness do. */
export const PRODUCT_STORIES: Readonly<Record<string, Story>> = {
  async "a pool of 4 serves after 50 losses in transactions"(world) {
    const sql = poolOf(world, 4);
    const codes: string[] = [];
    for (let loss = 0; loss < 50; loss += 1) {
      const all = Array.from({ length: 4 }, (_, i) =>
        passing(() =>
          transaction(sql, {}, async (tx) => {
            await tx`select 1`;
            if (i === 0) await killAll(world);
            // One idle, one in the middle of a statement, two that go on at once.
            if (i === 1) await tx`select pg_sleep(0.2)`;
            if (i < 2) await turn();
            await tx`select 2`;
            await tx`select 3`;
          }),
        ),
      );
      codes.push(...(await Promise.all(all)));
    }
    if (!codes.includes("UNAVAILABLE")) throw new Error("nothing was lost");
    await sleep(100);
    // All four at the same time: each waits until every one is inside.
    let inside = 0;
    const everyone = Array.from({ length: 4 }, () =>
      transaction(sql, {}, async (tx) => {
        await tx`select 1`;
        inside += 1;
        await until("all four are inside", () => inside === 4);
      }),
    );
    await within("four transactions at once", Promise.all(everyone));
  },

  async "every pair that was acknowledged is whole, and no other half of one is there"(world) {
    const sql = poolOf(world, 6);
    const acknowledged = new Set<string>();
    const codes = new Map<string, number>();
    let stopped = false;
    const writer = async (no: number): Promise<void> => {
      for (let i = 0; !stopped; i += 1) {
        const word = `${no}-${i}`;
        const code = await passing(() =>
          transaction(sql, {}, async (tx) => {
            await tx`insert into ${tx(world.name)} values (${word})`;
            if (i % 3 === 0) await turn();
            if (i % 7 === 0) await sleep(2);
            await tx`insert into ${tx(world.name)} values (${word})`;
          }),
        );
        codes.set(code, (codes.get(code) ?? 0) + 1);
        if (code === "OK") acknowledged.add(word);
      }
    };
    const reader = async (): Promise<void> => {
      while (!stopped) await passing(() => sql`select count(*) from ${sql(world.name)}`);
    };
    const all = [...Array.from({ length: 12 }, (_, no) => writer(no)), reader(), reader()];
    for (let cut = 0; cut < 20; cut += 1) {
      await sleep(60 + (cut % 5) * 20);
      await killAll(world);
    }
    await sleep(1_500);
    const before = acknowledged.size;
    await sleep(200);
    if (acknowledged.size === before) throw new Error("no work went on after the last cut");
    stopped = true;
    await within("the end", Promise.all(all));
    const rows = await world.admin<{ word: string; count: number }[]>`
      select word, count(*)::int as count from ${world.admin(world.name)} group by word`;
    const halves = rows.filter((row) => row.count !== 2);
    if (halves.length > 0) throw new Error(`${halves.length} pairs are not whole, the first is ${halves[0]?.word}`);
    const found = new Set(rows.map((row) => row.word));
    const missing = [...acknowledged].filter((word) => !found.has(word));
    if (missing.length > 0) throw new Error(`${missing.length} acknowledged pairs are missing`);
    console.log(`${acknowledged.size} pairs; ${[...codes].map(([code, times]) => `${code} ${times}`).join(", ")}`);
  },

  async "callers are answered while the database is away, and served soon after it is back"(world) {
    const proxy = await createBreakableProxy(world.url);
    const sql = poolOf(world, 4, proxy.url);
    await sql`select 1`;
    await proxy.refuse();
    let stopped = false;
    const codes = new Map<string, number>();
    const caller = async (work: () => Promise<unknown>): Promise<void> => {
      while (!stopped) {
        const code = await passing(work);
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    };
    const inTransaction = () => transaction(sql, {}, (tx) => tx`select 1`);
    const all = [caller(inTransaction), caller(inTransaction), caller(inTransaction), caller(() => sql`select 1`)];
    await sleep(6_500);
    if (codes.has("OK")) throw new Error("the database was not away");
    await proxy.accept();
    const back = performance.now();
    await transaction(sql, {}, (tx) => tx`select 1`).catch(() => inTransaction());
    const tookMs = performance.now() - back;
    if (tookMs > BACK_MS) throw new Error(`work went on ${Math.round(tookMs)} ms after the database was back`);
    stopped = true;
    await Promise.all(all);
    console.log(`back after ${Math.round(tookMs)} ms; ${[...codes].map(([c, times]) => `${c} ${times}`).join(", ")}`);
    await proxy.close();
  },

  async "hints of other processes arrive again after a loss"(world) {
    const log = createLog({ level: "silent", service: "story" });
    const [one, other] = await Promise.all(
      [poolOf(world, 2), poolOf(world, 2)].map((sql) => createNotifiedWakeUp({ sql, schema: world.name, log })),
    );
    for (let loss = 0; loss < 5; loss += 1) {
      await killAll(world);
      let heard = false;
      const off = other?.on(`loss-${loss}`, () => {
        heard = true;
      });
      const end = performance.now() + BACK_MS;
      while (!heard && performance.now() < end) {
        one?.changed(`loss-${loss}`);
        await sleep(30);
      }
      off?.();
      if (!heard) throw new Error(`no hint arrived within ${BACK_MS} ms after loss ${loss}`);
    }
  },

  async "a liveness lock that was lost is noticed, and another can be taken"(world) {
    for (let no = 1; no <= 3; no += 1) {
      const liveness = await holdLiveness(poolOf(world, 1), LOCK_CLASS.WORKER, 4_000_000 + no, 50);
      await killAll(world);
      await within("the loss is noticed", liveness.lost);
      await liveness.close();
    }
  },
};
