/**
 * What each level of the sandboxes costs beside the plain child process: starting Node to say its version. The levels take turns, so that what else the machine does meets all of them.
 *
 *   node_modules/.bin/node tests/load/sandboxes.ts [rounds, 40 when left out]
 */
import { once } from "node:events";
import { createSilentLog } from "@soma/shared/log";
import { openSandboxes } from "@soma/tools/sandboxes";

const rounds = Number(process.argv[2] ?? 40);
const { offers } = await openSandboxes("process", createSilentLog());
const given = Object.values(offers).flatMap((offer) => ("sandbox" in offer ? [offer.sandbox] : []));
const times = new Map(given.map(({ level }) => [level, [] as number[]]));

for (let round = 0; round < rounds; round += 1) {
  for (const sandbox of given) {
    const began = performance.now();
    const program = { file: process.execPath, args: ["--version"], readable: [], network: "none" } as const;
    const { child, stop } = sandbox.start(program);
    child.stdout?.resume();
    await once(child, "close");
    times.get(sandbox.level)?.push(performance.now() - began);
    await stop("kill");
  }
}

const at = (sorted: readonly number[], part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? 0;
const base = at(
  (times.get("process") ?? []).toSorted((a, b) => a - b),
  0.5,
);
console.log("level        p50 ms   p95 ms   ratio of p50   more ms");
for (const [level, all] of times) {
  const sorted = all.toSorted((a, b) => a - b);
  const p50 = at(sorted, 0.5);
  const cells = [p50.toFixed(1), at(sorted, 0.95).toFixed(1), (p50 / base).toFixed(2), (p50 - base).toFixed(1)];
  console.log(level.padEnd(12), ...cells.map((cell) => cell.padStart(7)));
}
