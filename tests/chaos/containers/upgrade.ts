/**
 * Replaces the containers of the compose stack by those of newer images, by the command that operators use, while runs are under
 * way, and prints what became of the runs. Exit code 1 when one was lost, something was done or told twice, or a history is broken.
 * The stack runs, and since then the names of its images have come to stand for newer ones:
 *
 *   git pull; npm ci; node_modules/.bin/node infra/images/build.ts
 *   node_modules/.bin/node tests/chaos/containers/upgrade.ts [runs that stand paused meanwhile, 4 when left out]
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { PARTS } from "../../../infra/config/list-settings.ts";
import { type Came, judge } from "./judge.ts";
import { openStack } from "./stack.ts";
import { follow, listen, resume, type Started, start, startPaused, TENANT } from "./under-way.ts";

const UP = fileURLToPath(new URL("../../../infra/compose/up.sh", import.meta.url));
const AT_ONCE = 2;
const parked = Number(process.argv[2] ?? 4);

const stack = await openStack();
await stack.ready();
const before = await imagesOf();
const reader = await listen(stack);
const paused: Started[] = [];
while (paused.length < parked) paused.push(await startPaused(stack));

const at = performance.now();
const secondsSince = (): string => ((performance.now() - at) / 1_000).toFixed(1);
let isOver = false;
const busy: Started[] = [];
const callers = Promise.all(Array.from({ length: AT_ONCE }, keepAsking));
const noOfGateway = watchGateway();
await promisify(execFile)("sh", [UP]);
await stack.ready();
const seconds = secondsSince();
isOver = true;
await callers;

for (const each of paused) await resume(stack, each);
// One after the other: a caller may have so many operations at a time.
const came: Came[] = [];
for (const each of paused)
  came.push({ ...(await follow(stack, each, reader.records)), tells: "queued,paused,running,succeeded" });
for (const each of busy) came.push(await follow(stack, each, reader.records));
const after = await imagesOf();
const kept = PARTS.filter((part) => after[part] === before[part]);
const faults = [
  ...kept.map((part) => `${part} runs the image that it ran before`),
  ...judge(came, await stack.notes(TENANT)),
];
console.log(`replaced in ${seconds} s: ${PARTS.filter((part) => !kept.includes(part)).join(", ")}`);
console.log(
  `runs: ${busy.length} one after the other meanwhile, ${AT_ONCE} at a time; ${paused.length} paused before, resumed after`,
);
console.log(
  `the gateway was not ready for ${((await noOfGateway) / 1_000).toFixed(1)} s; all had ended after ${secondsSince()} s`,
);
console.log(`lost, repeated or broken: ${faults.join("; ") || "none"}`);
await reader.close();
process.exit(faults.length > 0 ? 1 : 0);

/** Always has a run under way: the next one starts when the one before has ended. */
async function keepAsking(): Promise<void> {
  while (!isOver) {
    const started = await start(stack, "busy");
    busy.push(started);
    await follow(stack, started, reader.records);
  }
}

/** Milliseconds in which a gateway did not say that it is ready. */
async function watchGateway(): Promise<number> {
  let ms = 0;
  while (!isOver) {
    const asked = performance.now();
    const isReady = await stack.isReady();
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (!isReady) ms += performance.now() - asked;
  }
  return ms;
}

async function imagesOf(): Promise<Record<string, string>> {
  return Object.fromEntries(await Promise.all(PARTS.map(async (part) => [part, await stack.imageOf(part)] as const)));
}
