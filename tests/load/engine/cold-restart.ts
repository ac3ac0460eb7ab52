/**
 * How long until work goes on after the only process of a product was killed: milliseconds from the start of the next
 * process until it has committed a step of a run that was under way, and until it is ready. PostgreSQL stays, as on a
 * real machine. Prints one JSON object.
 *
 *   node_modules/.bin/node tests/load/engine/cold-restart.ts [kills, 5 when left out]
 */
import { until } from "@soma/shared/testing/until";
import { createProduct } from "../../system/product.ts";
import { openDatabase } from "../../system/product-database.ts";
import { countResumed, findOwned } from "./resumed-runs.ts";
import { spreadOf } from "./spread.ts";

const kills = Number(process.argv[2] ?? 5);
if (!Number.isInteger(kills) || kills < 1 || kills > 100)
  throw new Error(`"${process.argv[2]}" is not a number, 1 to 100`);

const RUNS = 4;
const SCHEMA = "runs";
const LIMIT_MS = 60_000;

const product = await createProduct();
try {
  await product.start();
  const database = await openDatabase(product.dataDir);
  const [stepMs, readyMs]: [number[], number[]] = [[], []];
  for (let kill = 0; kill < kills; kill += 1) {
    for (let run = 0; run < RUNS; run += 1) await product.send('run code: await sleep(900); console.log("slept")');
    const owned = await until("runs are under way", async () => {
      const found = await findOwned(database.sql, SCHEMA);
      return found.runIds.length > 0 && found;
    });
    await product.kill();
    const beganAt = performance.now();
    const ready = product.start().then(() => readyMs.push(performance.now() - beganAt));
    const isResumed = async () => (await countResumed(database.sql, SCHEMA, owned)) > 0;
    await until("a run goes on", isResumed, LIMIT_MS);
    stepMs.push(performance.now() - beganAt);
    await ready;
    process.stderr.write(`kill ${kill + 1}: a step after ${stepMs.at(-1)} ms\n`);
    for (const runId of owned.runIds) await product.ended(runId, LIMIT_MS);
  }
  await database.close();
  console.log(JSON.stringify({ kills, stepMs: spreadOf(stepMs), readyMs: spreadOf(readyMs) }));
} finally {
  await product.close();
}
