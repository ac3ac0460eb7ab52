/**
 * How much of a core a product takes that has nothing to do: its own process, and its PostgreSQL, with the statements it is
 * asked. Linux only. Prints one JSON object.
 *
 *   node_modules/.bin/node tests/load/idle-cpu.ts [seconds, 30 when left out]
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readRuntime } from "@soma/cli/data-folder";
import { readPidFile } from "@soma/local/pid-file";
import { createProduct } from "../system/product.ts";
import { openDatabase } from "../system/product-database.ts";

const seconds = Number(process.argv[2] ?? 30);
if (!Number.isInteger(seconds) || seconds < 1 || seconds > 600)
  throw new Error(`"${process.argv[2]}" is not a number of seconds, 1 to 600`);
/** After a start there is still something to do. */
const SETTLE_MS = 10_000;

const product = await createProduct();
try {
  await product.start();
  await product.ended(await product.send("What is 6*7?"));
  await sleep(SETTLE_MS);
  const pid = (await readRuntime(product.dataDir))?.pid ?? 0;
  const server = (await readPidFile(join(product.dataDir, "pg")))?.pid ?? 0;
  const database = await openDatabase(product.dataDir);
  const transactions = async (): Promise<number> =>
    Number(
      (await database.sql`select xact_commit + xact_rollback as n from pg_stat_database where datname = 'postgres'`)[0]
        ?.n,
    );
  const before = { product: await cpuSeconds([pid]), postgres: await cpuSeconds(await family(server)) };
  const asked = await transactions();
  await sleep(seconds * 1_000);
  const percent = (from: number, to: number): number => Math.round(((to - from) / seconds) * 10_000) / 100;
  console.log(
    JSON.stringify({
      seconds,
      percentOfACore: {
        product: percent(before.product, await cpuSeconds([pid])),
        postgres: percent(before.postgres, await cpuSeconds(await family(server))),
      },
      transactionsPerSecond: Math.round(((await transactions()) - asked) / seconds),
    }),
  );
  await database.close();
} finally {
  await product.close();
}

/** A process and its children. */
async function family(parent: number): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = await Promise.all(pids.map(async (pid) => [pid, Number((await statOf(pid))[1])] as const));
  return [parent, ...parents.filter(([, of]) => of === parent).map(([pid]) => pid)];
}

async function cpuSeconds(pids: readonly number[]): Promise<number> {
  const each = await Promise.all(
    pids.map(async (pid) => Number((await statOf(pid))[11] ?? 0) + Number((await statOf(pid))[12] ?? 0)),
  );
  return each.reduce((sum, ticks) => sum + ticks, 0) / 100;
}

/** Fields of /proc/PID/stat after the name: 1 the parent, 11 and 12 ticks in the program and in the kernel. */
async function statOf(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}
