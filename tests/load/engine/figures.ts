/**
 * What large runs take, at a size and at twice that, so that it shows whether time and memory grow with the size and no faster: steps of
 * one run, bytes of a state that 200 steps carry, branches of one step. Prints the table of docs/developer/engine-costs.md.
 *
 *   node_modules/.bin/node tests/load/engine/figures.ts [part of the sizes, 1 when left out]
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Figure } from "./figure.ts";
import { startMeasuredServer } from "./server.ts";

const CASES = [
  { kind: "steps", label: "steps of a run", sizes: [5_000, 10_000, 20_000] },
  { kind: "state", label: "bytes of a state", sizes: [524_288, 1_048_576, 2_097_152] },
  { kind: "fanout", label: "branches of a step", sizes: [500, 1_000, 2_000] },
] as const;

const part = Number(process.argv[2] ?? 1);
if (!(part > 0 && part <= 1))
  throw new Error(`"${process.argv[2]}" is no part of the sizes, more than 0 and at most 1`);

const run = promisify(execFile);
const program = fileURLToPath(new URL("figure.ts", import.meta.url));
const server = await startMeasuredServer();
try {
  console.log("| what | size | seconds | events | peak memory of the process, MB |\n| --- | --- | --- | --- | --- |");
  for (const { kind, label, sizes } of CASES)
    for (const whole of sizes) {
      const size = Math.ceil(whole * part);
      const env = { ...process.env, SOMA_TEST_DATABASE_URL: server.url };
      const { stdout } = await run(process.execPath, [program, kind, String(size)], { env, timeout: 600_000 });
      const { seconds, events, peakMb } = JSON.parse(stdout) as Figure;
      console.log(`| ${label} | ${size} | ${seconds.toFixed(1)} | ${events} | ${Math.round(peakMb)} |`);
    }
} finally {
  await server.stop();
}
