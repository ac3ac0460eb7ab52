import { randomInt } from "node:crypto";
import { type Command, InvalidArgumentError } from "commander";
import { torture } from "./torture.ts";

const MOST_RUNS = 20_000;
const MOST_SEED = 2 ** 32 - 1;

/** `soma torture`: of the commands that start a product of their own, the one that ends it again. */
export function addTorture(program: Command, { json }: { json: boolean }): void {
  program
    .command("torture")
    .requiredOption("--runs <n>", `how many, 1 to ${MOST_RUNS}`, between(1, MOST_RUNS))
    .option("--seed <n>", "plans the same faults and the same deaths again", between(0, MOST_SEED))
    .option("--kill-every <ms>", "how long the process lives on average, 500 to 600000", between(500, 600_000), 4_000)
    .option("--project <dir>", "a version of subgraphs/sdk/samples/torture of your own")
    .option("--keep", "leave the data, to look at runs afterwards")
    .description("show that nothing is lost or done twice: a product of its own, killed again and again")
    .action((options: { runs: number; seed?: number; killEvery: number; project?: string; keep?: boolean }) =>
      torture({ seed: randomInt(MOST_SEED), ...options, json }),
    );
}

function between(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(`it must be a whole number, ${least} to ${most}`);
    return value;
  };
}
