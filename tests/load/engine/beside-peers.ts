/**
 * What a durable step costs beside other engines that run the same work in turn: runs of ten steps that keep 200 bytes each, every
 * step durable before the next begins. Each contender has a process and a database of its own on one PostgreSQL, and begins
 * afresh in each round. Prints the tables of docs/developer/engine-costs.md, of medians over the rounds, and writes them as
 * events of agent.benchmarks.v1, a line for each contender. Peers are installed before: see peers/need.ts.
 *
 *   node_modules/.bin/node tests/load/engine/beside-peers.ts [--rounds 3] [--seconds 3] [--at-once 1,32,256] [--only ours,dbos] [--out FILE]
 */
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { validateForPublish } from "@soma/schemas/validate";
import { toBenchmarkEvents } from "./benchmark-events.ts";
import type { Measured } from "./contend.ts";
import { CONTENDERS, type ContenderName } from "./contenders.ts";
import { medians, toTables } from "./peer-tables.ts";
import { startMeasuredServer } from "./server.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "3" },
    "at-once": { type: "string", default: "1,32,256" },
    only: { type: "string", default: Object.keys(CONTENDERS).join() },
    out: { type: "string", default: ".tmp/agent.benchmarks.v1.jsonl" },
  },
});
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
const sizes = values["at-once"].split(",").map(Number);
const names = values.only.split(",") as ContenderName[];
if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100)
  throw new Error(`"${values.rounds}" is not a number of rounds, 1 to 100`);
if (!(seconds >= 0.5 && seconds <= 60)) throw new Error(`"${values.seconds}" are not seconds, 0.5 to 60`);
if (!sizes.every((size) => Number.isInteger(size) && size >= 1 && size <= 256))
  throw new Error(`"${values["at-once"]}" are not numbers of runs at once, 1 to 256, such as 1,32`);
for (const name of names)
  if (!(name in CONTENDERS)) throw new Error(`"${name}" is none of ${Object.keys(CONTENDERS).join(", ")}`);

const run = promisify(execFile);
const program = fileURLToPath(new URL("contend.ts", import.meta.url));
const startedAt = new Date();
const server = await startMeasuredServer();
const measured = new Map<ContenderName, Measured[]>(names.map((name) => [name, []]));
try {
  for (let round = 1; round <= rounds; round += 1)
    for (const name of names) {
      const params = [name, server.url, `load_${name}_${round}`, sizes.join(), String(seconds)];
      const { stdout } = await run(process.execPath, [program, ...params], { timeout: 600_000 });
      const lines = stdout.trim().split("\n");
      measured.get(name)?.push(...lines.map((line) => JSON.parse(line) as Measured));
      for (const line of lines) console.error(`round ${round}, ${name}: ${line}`);
    }
} finally {
  await server.stop();
}
const results = medians(measured, sizes);
console.log(toTables(results, sizes));

const params = { rounds, seconds, sizes };
const { version } = JSON.parse(await readFile(new URL("../../../package.json", import.meta.url), "utf8"));
const events = toBenchmarkEvents(results, { startedAt, endedAt: new Date(), version, params });
const faults = events.flatMap((event) => validateForPublish(event.event_type, event));
if (faults.length > 0) throw new Error(`the results are no events of agent.benchmarks.v1: ${faults.join("; ")}`);
await mkdir(dirname(values.out), { recursive: true });
await writeFile(values.out, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
console.error(`written to ${values.out}`);
