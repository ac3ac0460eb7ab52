/**
 * What requests cost while they grow, in every way that gateway/testing/hostile-growth.ts knows. Prints a JSON array: for each kind
 * and size the bytes of the request, what became of it, and its work, which is how often any block of our code and of the packages
 * under it was executed, from the first check to the answer. V8 counts it, so that it is the same each time.
 *
 *   node_modules/.bin/node tests/load/hostile-growth.ts
 */

import { Session } from "node:inspector/promises";
import { DEFAULT_LIMITS } from "../../gateway/ground/limits.ts";
import { GROWTHS } from "../../gateway/testing/hostile-growth.ts";
import { createTrial } from "../../gateway/testing/trial.ts";

const SIZES = [4, 8, 16, 32, 64, 128, 256, 512, 1_024];

interface Coverage {
  result: { url: string; functions: { ranges: { count: number }[] }[] }[];
}

const session = new Session();
session.connect();
await session.post("Profiler.enable");
await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });

/** Counts since the last time, for the whole process. */
async function takeCount(): Promise<number> {
  const { result } = (await session.post("Profiler.takePreciseCoverage")) as Coverage;
  const functions = result.filter(({ url }) => url.startsWith("file:")).flatMap((script) => script.functions);
  return functions.flatMap(({ ranges }) => ranges).reduce((sum, { count }) => sum + count, 0);
}

const trial = await createTrial();
const counted: object[] = [];
for (const [kind, grow] of Object.entries(GROWTHS)) {
  // What is made once, such as parts of the planner's graph, is no request's.
  await trial.run(grow(SIZES[0] ?? 1));
  await takeCount();
  for (const size of SIZES) {
    const request = grow(size);
    const bytes = JSON.stringify(request).length;
    if (bytes > DEFAULT_LIMITS.bodyBytes) continue;
    const { end } = await trial.run(request);
    counted.push({ kind, size, bytes, end, work: await takeCount() });
  }
}
console.log(JSON.stringify(counted));
