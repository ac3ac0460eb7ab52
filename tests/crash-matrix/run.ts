/**
 * Strikes a run at each point of the engine, before what is done there and after it, in each way, and prints what
 * became of it: a line for each cell, and what was wrong. Exit code 1 when anything was.
 *
 *   node_modules/.bin/node tests/crash-matrix/run.ts [words of the cells to try, as "SIGSTOP" or "claim"]
 */
import { type Cell, type Outcome, startMatrix } from "./matrix.ts";
import { POINTS } from "./points.ts";
import { WAYS } from "./ways.ts";

const words = process.argv.slice(2);
const nameOf = ({ point, phase, way }: Cell): string => `${phase} ${point.name} | ${way}`;
const cells: Cell[] = POINTS.flatMap((point) =>
  (["before", "after"] as const).flatMap((phase) => WAYS.map((way) => ({ point, phase, way }))),
).filter((cell) => words.every((word) => nameOf(cell).includes(word)));

function tell(cell: Cell, { isStruck, resumedMs, repeated, faults }: Outcome): void {
  const { pure = 0, idempotent = 0, at_most_once: once = 0 } = repeated;
  const ms = isStruck ? (resumedMs ?? "-") : "not struck";
  console.log(`| ${nameOf(cell)} | ${ms} | ${pure} | ${idempotent} | ${once} | ${faults.join("; ") || "none"} |`);
}

console.log("| point | way | resumed ms | pure again | idempotent again | at_most_once again | faults |");
console.log("|---|---|---|---|---|---|---|");
const matrix = await startMatrix();
try {
  for (const cell of cells) {
    const outcome = await matrix.run(cell);
    tell(cell, outcome);
    if (outcome.faults.length > 0) process.exitCode = 1;
  }
} finally {
  await matrix.close();
}
