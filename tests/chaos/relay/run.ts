/**
 * Breaks what stands between an event that was written and its consumer, one thing after the other, on brokers and a database
 * of its own, and prints what became of the events: a line for each. Exit code 1 when one was lost, came out of order or was
 * handled twice, or when a fault sent more again than one round of the relay.
 *
 *   node_modules/.bin/node tests/chaos/relay/run.ts [events, 10000 when left out] [parts of the names of those to try, as "kill -9"]
 */
import { type Outcome, runScenario } from "./run-scenario.ts";
import { SCENARIOS } from "./scenarios.ts";
import { startWorld } from "./world.ts";

// Brokers end with the process that started them, and not with one that is killed.
process.once("SIGTERM", () => process.exit(1));

const given = process.argv.slice(2);
const events = Number(given.find((each) => /^\d+$/.test(each)) ?? 10_000);
const words = given.filter((each) => !/^\d+$/.test(each));
const chosen = SCENARIOS.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
if (chosen.length === 0) throw new Error(`no fault is called ${words.map((word) => `"${word}"`).join(" or ")}`);

function tell(name: string, { events, verdict, seconds, faults }: Outcome): void {
  const { lost, disordered, repeated, handledTwice } = verdict;
  const again = repeated.map(({ records }) => records).join(" + ") || "0";
  const counts = [events, lost.length, disordered.length, again, handledTwice.length, seconds.toFixed(0)];
  console.log(`| ${name} | ${counts.join(" | ")} | ${faults.join("; ") || "none"} |`);
}

console.log("| fault | events | lost | out of order | sent again | handled twice | s | wrong |");
console.log("|---|---|---|---|---|---|---|---|");
for (const brokers of [1, 3] as const) {
  const scenarios = chosen.filter((each) => each.brokers === brokers);
  if (scenarios.length === 0) continue;
  const world = await startWorld({ brokers });
  try {
    for (const scenario of scenarios) {
      const outcome = await runScenario(world, scenario, events);
      tell(scenario.name, outcome);
      if (outcome.faults.length > 0) process.exitCode = 1;
    }
  } finally {
    await world.close();
  }
}
