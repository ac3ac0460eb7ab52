/**
 * Kills what each container of the compose stack runs, one after the other, while runs are under way, and prints what became of
 * them: a line for each. Exit code 1 when a run was lost, something was done or told twice, or a history is broken.
 *
 *   infra/compose/up.sh
 *   node_modules/.bin/node tests/chaos/containers/run.ts [runs, 6 when left out] [services to kill; all when left out]
 */
import { judge } from "./judge.ts";
import { openStack, type Stack } from "./stack.ts";
import { follow, listen, start, TENANT } from "./under-way.ts";

const SERVICES = [
  ...["gateway", "runs", "worker", "memory", "outbox-sync", "policy", "tools"],
  ...["postgres", "kafka", "redis", "prometheus", "alertmanager", "otel-collector"],
];

type Records = Parameters<typeof follow>[2];

async function strike(stack: Stack, service: string, runs: number, records: Records): Promise<string[]> {
  const started = await Promise.all(Array.from({ length: runs }, () => start(stack, service)));
  const at = performance.now();
  const byItself = await stack.kill(service);
  await stack.healthy(service);
  await stack.ready();
  const seconds = ((performance.now() - at) / 1_000).toFixed(1);
  const came = await Promise.all(started.map((each) => follow(stack, each, records)));
  const faults = judge(came, await stack.notes(TENANT));
  const ended = ((performance.now() - at) / 1_000).toFixed(1);
  const cells = [service, byItself ? "the engine" : "this program", seconds, runs, ended, faults.join("; ") || "none"];
  console.log(`| ${cells.join(" | ")} |`);
  return faults;
}

const given = process.argv.slice(2);
const runs = Number(given.find((each) => /^\d+$/.test(each)) ?? 6);
const named = given.filter((each) => !/^\d+$/.test(each));
const unknown = named.filter((each) => !SERVICES.includes(each));
if (unknown.length > 0) throw new Error(`there is no service ${unknown.join(", ")}; there are ${SERVICES.join(", ")}`);

const stack = await openStack();
await stack.ready();
const reader = await listen(stack);
console.log("| killed | started again by | ready after s | runs | all ended after s | wrong |");
console.log("|---|---|---|---|---|---|");
for (const service of named.length > 0 ? named : SERVICES)
  if ((await strike(stack, service, runs, reader.records)).length > 0) process.exitCode = 1;
await reader.close();
process.exit();
