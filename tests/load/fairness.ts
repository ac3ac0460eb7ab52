/**
 * How long a tenant's runs wait for their start, alone and beside a tenant with thousands of queued runs over a thousand
 * sessions, in one process with one worker of 64 places: prints one JSON object with the milliseconds from the request to the
 * begin of each, and how fast the runs of the other one were queued meanwhile. Ends with exit code 1 where a p95 is above
 * twice that alone and one second more.
 *
 *   node_modules/.bin/node tests/load/fairness.ts [queued runs of the heavy tenant, 5000 when left out]
 */
import { setTimeout as sleep } from "node:timers/promises";
import setup from "@soma/local/test-postgres";
import { graph } from "@soma/sdk/graph";
import { newId } from "@soma/shared/ids";
import { transaction } from "@soma/shared/postgres/transaction";
import { aPrincipal } from "@soma/shared/testing/principals";
import { createEngineHarness, type EngineHarness } from "../../subgraphs/runs/testing/engine.ts";

const queued = Number(process.argv[2] ?? 5_000);
if (!Number.isInteger(queued) || queued < 1_000 || queued > 9_000)
  throw new Error(`"${process.argv[2]}" is not a number of queued runs, 1000 to 9000`);

const SESSIONS = 1_000;
const SLOTS = 64;
const CLIENTS = 8;
const SAMPLES = 40;
const PAUSE_MS = 50;
/** What a step of the heavy tenant takes: sixty-four places end 32 of them a second, so that nearly all wait to the end. */
const HEAVY_STEP_MS = 2_000;

const heavy = graph("heavy", 1, {})
  .node("work", { type: "tool", run: () => sleep(HEAVY_STEP_MS).then(() => ({ summary: "done" })) })
  .build(() => "done");
const light = graph("light", 1, {})
  .node("work", { type: "tool", run: () => ({ summary: "done" }) })
  .build(() => "done");

interface Waits {
  p50Ms: number;
  p95Ms: number;
  maxMs: number;
}

function toWaits(waits: readonly number[]): Waits {
  const sorted = [...waits].sort((a, b) => a - b);
  const at = (share: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
  return { p50Ms: at(0.5), p95Ms: at(0.95), maxMs: at(1) };
}

/** Starts runs of the light tenant one after the other; how long each waited. */
async function startLightRuns(harness: EngineHarness): Promise<Waits> {
  const waits: number[] = [];
  for (let i = 0; i < SAMPLES; i += 1) {
    const askedAt = Date.now();
    const { runId } = await harness.start({ graph: "light" }, aPrincipal({ tenant: "light" }));
    const { startedAt } = await harness.finished(runId);
    waits.push((startedAt?.getTime() ?? Number.NaN) - askedAt);
    await sleep(PAUSE_MS);
  }
  return toWaits(waits);
}

/** Queues the runs of the heavy tenant, in the order of its sessions; how many a second. */
async function queueHeavyRuns(harness: EngineHarness): Promise<number> {
  const principal = aPrincipal({ tenant: "heavy" });
  const sessions: string[] = Array.from({ length: SESSIONS }, () => newId("Session"));
  await harness.database
    .owner`insert into session (tenant, session_id, created_by) select 'heavy', s, 'user:ada' from unnest(${sessions}::uuid[]) s`;
  const beganAt = performance.now();
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < queued) {
      const sessionId = sessions[next++ % SESSIONS];
      await harness.start({ graph: "heavy", sessionId }, principal);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return Math.round((queued * 1_000) / (performance.now() - beganAt));
}

const teardown = await setup();
const harness = await createEngineHarness([heavy, light]);
try {
  await harness.startWorker(SLOTS);
  await startLightRuns(harness);
  const alone = await startLightRuns(harness);
  const queueing = queueHeavyRuns(harness);
  await sleep(1_000);
  const whileTheyAreQueued = await startLightRuns(harness);
  const queuedPerSecond = await queueing;
  const left = (): Promise<number> =>
    transaction(harness.database.worker, {}, async (tx) => {
      const [row] = await tx<
        { n: number }[]
      >`select count(*)::int as n from run where tenant = 'heavy' and status < 10`;
      return row?.n ?? 0;
    });
  const before = await left();
  const beside = await startLightRuns(harness);
  const ratio = Math.round((beside.p95Ms / Math.max(1, alone.p95Ms)) * 10) / 10;
  const isWithin = ({ p95Ms }: { p95Ms: number }): boolean => p95Ms <= 2 * alone.p95Ms + 1_000;
  const within = { whileTheyAreQueued: isWithin(whileTheyAreQueued), beside: isWithin(beside) };
  const heavyLeft = [before, await left()];
  console.log(
    JSON.stringify({ queued, alone, whileTheyAreQueued, beside, ratio, within, queuedPerSecond, heavyLeft }, null, 2),
  );
  if (!within.whileTheyAreQueued || !within.beside) process.exitCode = 1;
} finally {
  await harness.close();
  await teardown();
}
