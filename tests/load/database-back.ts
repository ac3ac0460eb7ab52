/**
 * How long until work goes on after PostgreSQL was killed under load: milliseconds until its next server takes connections,
 * and from then until a run ends. Prints one JSON object.
 *
 *   node_modules/.bin/node tests/load/database-back.ts [kills, 10 when left out]
 */
import { join } from "node:path";
import { readPidFile } from "@soma/local/pid-file";
import { until } from "@soma/shared/testing/until";
import { startLoad } from "../system/load.ts";
import { createProduct } from "../system/product.ts";

const kills = Number(process.argv[2] ?? 10);
if (!Number.isInteger(kills) || kills < 1 || kills > 100)
  throw new Error(`"${process.argv[2]}" is not a number, 1 to 100`);

const product = await createProduct();
async function serverPid(): Promise<number> {
  const file = await readPidFile(join(product.dataDir, "pg"));
  return file?.ready === true ? file.pid : 0;
}
const spread = (values: readonly number[]) => {
  const sorted = values.map(Math.round).sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)], max: sorted.at(-1) };
};

try {
  await product.start();
  const load = startLoad(product);
  const [serverMs, workMs]: [number[], number[]] = [[], []];
  for (let kill = 0; kill < kills; kill += 1) {
    const ended = load.ended();
    await until("runs end", () => load.ended() > ended + 1, 60_000);
    const before = await serverPid();
    const killedAt = performance.now();
    process.kill(before, "SIGKILL");
    await until("another server is there", async () => ![0, before].includes(await serverPid()), 60_000);
    const backAt = performance.now();
    const endedBefore = load.ended();
    await until("a run ends", () => load.ended() > endedBefore, 60_000);
    serverMs.push(backAt - killedAt);
    workMs.push(performance.now() - backAt);
  }
  await load.stop();
  console.log(JSON.stringify({ kills, serverMs: spread(serverMs), workMs: spread(workMs) }));
} finally {
  await product.close();
}
