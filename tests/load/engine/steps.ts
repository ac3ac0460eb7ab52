/**
 * What a durable step costs in the real engine: runs of ten steps that keep 200 bytes each, so many at once, from the call that
 * starts a run until its end is durable. Prints a line of JSON for each. In turn with ours is measured, where asked for, the
 * engine of another checkout of the project that has its node_modules.
 *
 *   node_modules/.bin/node tests/load/engine/steps.ts [--rounds 2] [--at-once 1,32,256] [--statements] [--beside FOLDER]
 */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Contender, runMany, STEPS } from "./contender.ts";
import { createMeter, type Meter } from "./meter.ts";
import { startOurs } from "./ours.ts";
import { startMeasuredServer } from "./server.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "2" },
    "at-once": { type: "string", default: "1,32,256" },
    beside: { type: "string" },
    statements: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
const sizes = values["at-once"].split(",").map(Number);
if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100)
  throw new Error(`"${values.rounds}" is not a number of rounds, 1 to 100`);
if (!sizes.every((size) => Number.isInteger(size) && size >= 1 && size <= 256))
  throw new Error(`"${values["at-once"]}" are not numbers of runs at once, 1 to 256, such as 1,32`);

/** Each engine starts from its own checkout. */
const engines = [{ name: "ours", start: startOurs }];
if (values.beside !== undefined) {
  const file = join(resolve(values.beside), "tests/load/engine/ours.ts");
  const beside = (await import(file)) as { startOurs: typeof startOurs };
  engines.unshift({ name: "beside", start: beside.startOurs });
}

interface Named extends Contender {
  name: string;
}

async function startAll(): Promise<Named[]> {
  const contenders: Named[] = [];
  for (const kind of ["effect", "pure"] as const)
    for (const { name, start } of engines) contenders.push({ ...(await start(kind)), name: `${name}, ${kind} steps` });
  return contenders;
}

async function measure(meter: Meter, contender: Named, atOnce: number): Promise<void> {
  const runs = Math.max(40, atOnce * 4);
  await runMany(contender, { runs: Math.max(20, atOnce), atOnce });
  const spent = await meter.measure(() => runMany(contender, { runs, atOnce }));
  const steps = runs * STEPS;
  const each = (value: number, places = 0): number => Number((value / steps).toFixed(places));
  console.log(
    JSON.stringify({
      engine: contender.name,
      atOnce,
      stepsPerSecond: Math.round(steps / spent.seconds),
      statements: each(spent.statements, 3),
      walBytes: each(spent.walBytes),
      nodeUs: each(spent.nodeUs),
      serverUs: each(spent.serverUs),
    }),
  );
  if (!values.statements) return;
  for (const { calls, ms, walBytes, query } of await meter.statements())
    console.log(
      `  ${(calls / runs).toFixed(2)} a run, each ${ms.toFixed(2)} ms, ${Math.round(walBytes)} B of WAL: ${query}`,
    );
}

const server = await startMeasuredServer();
process.env.SOMA_TEST_DATABASE_URL = server.url;
const meter = createMeter(server.url, "postgres");
try {
  const contenders = await startAll();
  for (let round = 0; round < rounds; round += 1)
    for (const atOnce of sizes) for (const contender of contenders) await measure(meter, contender, atOnce);
  for (const contender of contenders) await contender.close();
} finally {
  await meter.close();
  await server.stop();
}
