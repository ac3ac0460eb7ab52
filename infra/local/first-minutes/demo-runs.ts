import { setTimeout as sleep } from "node:timers/promises";
import { createSomaClient, type SomaClient } from "@soma/graphql/client";
import {
  RunDetailDocument,
  type RunDetailQuery,
  SendMessageDocument,
  StartRunDocument,
} from "@soma/graphql/operations";
import { isFinished } from "@soma/graphql/run-status";
import { DEMO_RUNS, type DemoKind } from "@soma/runs/demo-runs";
import type { WorkerProcess } from "@soma/runs/kill-worker";
import type { Log } from "@soma/shared/log";

interface DemoDeps {
  url: string;
  token: string;
  worker: WorkerProcess;
  log: Log;
  signal: AbortSignal;
}

/** All of them together; what is not done by then is left as it is. */
const LIMIT_MS = 45_000;
const LOOK_MS = 100;
const SLOW = "run code: await sleep(1500); console.log('still here')";
const FORBIDDEN = "run code: console.log('this is not allowed')";

type Run = NonNullable<RunDetailQuery["run"]>;

/**
 * Makes the runs that the first start has to show, one after the other and through the front door; the ids of those that
 * have ended. One that cannot be made is told in the log, and the others are made all the same.
 */
export async function makeDemoRuns(deps: DemoDeps): Promise<{ shows: DemoKind; runId: string }[]> {
  const signal = AbortSignal.any([deps.signal, AbortSignal.timeout(LIMIT_MS)]);
  const client = createSomaClient({ url: deps.url, token: deps.token });
  const made: { shows: DemoKind; runId: string }[] = [];
  for (const [shows, make] of Object.entries(DEMOS) as [DemoKind, Demo][]) {
    if (signal.aborted) break;
    try {
      made.push({ shows, runId: await make(client, deps.worker, signal) });
    } catch (error) {
      if (!deps.signal.aborted) deps.log.error({ err: error, shows }, "a run to look at could not be made");
    }
  }
  return made;
}

type Demo = (client: SomaClient, worker: WorkerProcess, signal: AbortSignal) => Promise<string>;

const DEMOS: Record<DemoKind, Demo> = {
  RECOVERED: makeRecovered,
  DENIED: (client, _worker, signal) =>
    say(client, { text: FORBIDDEN, role: "restricted", idempotencyKey: DEMO_RUNS.DENIED }).then((id) =>
      ended(client, id, signal),
    ),
  RETRIED: async (client, _worker, signal) => {
    const started = { graph: "research", input: { text: "owls" }, modelProfile: "scripted" };
    const { startRun } = await client.request(StartRunDocument, {
      input: { ...started, idempotencyKey: DEMO_RUNS.RETRIED },
    });
    return ended(client, startRun.run.id, signal);
  },
};

/** A run whose worker process is killed in the middle of a tool. */
async function makeRecovered(client: SomaClient, worker: WorkerProcess, signal: AbortSignal): Promise<string> {
  await until(signal, async () => worker.isReady());
  const id = await say(client, { text: SLOW, idempotencyKey: DEMO_RUNS.RECOVERED });
  await until(signal, async () => {
    const { status, steps } = await find(client, id);
    if (isFinished(status)) throw new Error(`run ${id} ended before its worker process could be killed`);
    return steps.nodes.some(isRunningTool) && (await worker.runs()).some(({ runId }) => runId === id);
  });
  await worker.kill(DEMO_RUNS.RECOVERED);
  return ended(client, id, signal);
}

function isRunningTool({ nodeType, status }: Run["steps"]["nodes"][number]): boolean {
  return nodeType === "tool" && status === "RUNNING";
}

async function say(client: SomaClient, message: { text: string; role?: string; idempotencyKey: string }) {
  const { sendMessage } = await client.request(SendMessageDocument, {
    input: { ...message, modelProfile: "scripted" },
  });
  return sendMessage.run.id;
}

async function find(client: SomaClient, id: string): Promise<Run> {
  const { run } = await client.request(RunDetailDocument, { id });
  if (run === null || run === undefined) throw new Error(`run ${id} is gone`);
  return run;
}

async function ended(client: SomaClient, id: string, signal: AbortSignal): Promise<string> {
  await until(signal, async () => isFinished((await find(client, id)).status));
  return id;
}

async function until(signal: AbortSignal, isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(LOOK_MS, undefined, { signal });
}
