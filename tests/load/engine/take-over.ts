/**
 * How long until the runs of a worker that is gone go on: milliseconds from the signal until another process has
 * committed a step of any of them, and of all. Two worker processes of the product on one PostgreSQL, twelve runs at
 * once, one worker killed with SIGKILL again and again, then frozen with SIGSTOP and woken; and workers whose event
 * loop has no turn for seven seconds, which are no take-over. Then it looks whether any history has a fault, or a row
 * of who did not own its run any more. Prints a line of JSON for each. The only process of a product that is killed and
 * started again: cold-restart.ts.
 *
 *   node_modules/.bin/node tests/load/engine/take-over.ts [--kills 50] [--freezes 10] [--busy 3]
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { until } from "@soma/shared/testing/until";
import { createEngineHarness, type EngineHarness } from "../../../subgraphs/runs/testing/engine.ts";
import { faultsOf } from "../../../subgraphs/runs/testing/history-oracle.ts";
import { countResumed, findOwned } from "./resumed-runs.ts";
import { startMeasuredServer } from "./server.ts";
import { spreadOf } from "./spread.ts";
import { busyStep, manySteps } from "./take-over-worker.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "50" },
    freezes: { type: "string", default: "10" },
    busy: { type: "string", default: "3" },
  },
});
const times = (name: keyof typeof values): number => {
  const count = Number(values[name]);
  if (!Number.isInteger(count) || count < 0 || count > 1_000)
    throw new Error(`"${values[name]}" is not how often, 0 to 1000: --${name}`);
  return count;
};
const [kills, freezes, busy] = [times("kills"), times("freezes"), times("busy")];

/** Runs under way at once. */
const LOAD = 12;
const LOOK_MS = 100;
const LIMIT_MS = 60_000;

/** Always so many runs under way, until it is stopped; all that were begun. */
function keepRunning(harness: EngineHarness): { runIds: Set<string>; stop(): Promise<void> } {
  const runIds = new Set<string>();
  let stopped = false;
  const look = async (): Promise<void> => {
    while (!stopped) {
      for (let free = LOAD - (await countOpen(harness)); free > 0; free -= 1)
        runIds.add((await harness.start({ graph: "many" })).runId);
      await sleep(LOOK_MS);
    }
    await until("all have ended", async () => (await countOpen(harness)) === 0, LIMIT_MS);
  };
  const looking = look();
  return {
    runIds,
    async stop() {
      stopped = true;
      await looking;
    },
  };
}

/** One statement for all, so that the measure takes little of the machine. */
async function countOpen({ database }: EngineHarness): Promise<number> {
  const [row] = await database.owner<{ open: number }[]>`select count(*)::int as open from run where status < 10`;
  return row?.open ?? 0;
}

async function ended({ database }: EngineHarness, runId: string): Promise<void> {
  const isOver = async () =>
    (await database.owner`select from run where run_id = ${runId} and status >= 10`).length > 0;
  await until(`run ${runId} has ended`, isOver, LIMIT_MS);
}

async function measureTakeOver({ database }: EngineHarness, victim: WorkerProcess, signal: "SIGKILL" | "SIGSTOP") {
  const { owner, schema } = database;
  const workerId = await victim.workerId();
  const find = () => findOwned(owner, schema, workerId);
  await until("it has runs", async () => (await find()).runIds.length > 0, LIMIT_MS);
  const beganAt = performance.now();
  victim.signal(signal);
  const owned = await find();
  if (owned.runIds.length === 0) return undefined;
  await until("a run goes on", async () => (await countResumed(owner, schema, owned)) > 0, LIMIT_MS);
  const firstMs = performance.now() - beganAt;
  const isEach = async () => (await countResumed(owner, schema, owned)) === owned.runIds.length;
  await until("all runs go on", isEach, LIMIT_MS);
  return { firstMs, allMs: performance.now() - beganAt };
}

async function measureAll(
  harness: EngineHarness,
  workers: WorkerProcess[],
  signal: "SIGKILL" | "SIGSTOP",
  rounds: number,
) {
  const taken: { firstMs: number; allMs: number }[] = [];
  for (let round = 0; taken.length < rounds; round += 1) {
    const victim = workers[round % workers.length] as WorkerProcess;
    const one = await measureTakeOver(harness, victim, signal);
    if (one !== undefined) taken.push(one);
    process.stderr.write(`${signal} ${round + 1}: ${JSON.stringify(one)}\n`);
    if (signal === "SIGSTOP") await victim.wake();
    else await victim.restart();
  }
  const firstMs = spreadOf(taken.map((one) => one.firstMs));
  const allMs = spreadOf(taken.map((one) => one.allMs));
  console.log(JSON.stringify({ signal, rounds, firstMs, allMs }));
}

/** Runs that leave their workers no turn; how often anybody was taken over meanwhile. */
async function measureBusy(harness: EngineHarness, rounds: number): Promise<void> {
  const { owner } = harness.database;
  const count = async () => (await owner`select from worker where state = 3 and gen > 1`).length;
  const before = await count();
  for (let round = 0; round < rounds; round += 1) {
    const { runId } = await harness.start({ graph: "busy" });
    await ended(harness, runId);
  }
  console.log(JSON.stringify({ busySteps: rounds, takenOver: (await count()) - before }));
}

async function reportFaults(harness: EngineHarness, runIds: ReadonlySet<string>): Promise<void> {
  const faults: string[] = [];
  for (const runId of runIds)
    faults.push(...faultsOf(await harness.history(runId)).map((fault) => `${runId}: ${fault}`));
  const stale = await harness.database.owner`
    select from (select epoch < lag(epoch) over (partition by run_id order by seq) as is_stale from journal) j where is_stale`;
  const [counts] = await harness.database.owner`
    select count(*) filter (where status = 10)::int as succeeded, sum(recoveries)::int as recoveries from run`;
  console.log(JSON.stringify({ runs: runIds.size, ...counts, staleRows: stale.length, faults }));
  if (faults.length > 0 || stale.length > 0) process.exitCode = 1;
}

const server = await startMeasuredServer();
process.env.SOMA_TEST_DATABASE_URL = server.url;
const harness = await createEngineHarness([manySteps(), busyStep()]);
const workers: WorkerProcess[] = [];
try {
  for (const _ of ["one", "another"]) workers.push(await startWorkerProcess(harness.database));
  const load = keepRunning(harness);
  await measureAll(harness, workers, "SIGKILL", kills);
  await measureAll(harness, workers, "SIGSTOP", freezes);
  await measureBusy(harness, busy);
  await load.stop();
  await reportFaults(harness, load.runIds);
} finally {
  for (const worker of workers) await worker.stop();
  await harness.close();
  await server.stop();
}
