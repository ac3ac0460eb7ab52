import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { TestDatabase } from "@soma/shared/testing/database";
import { createKeys } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";

/** A worker of the product in a process of its own. */
export interface WorkerProcess {
  /** Its newest life. */
  workerId(): Promise<string>;
  signal(signal: "SIGKILL" | "SIGSTOP" | "SIGTERM"): void;
  /** Undefined when it has ended. */
  pid(): number | undefined;
  /** Another process in place of one that was killed; it is there when it claims runs. */
  restart(): Promise<void>;
  /** Lets one that was frozen go on; it is there when it claims runs, under a new life. */
  wake(): Promise<void>;
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL("./take-over-worker.ts", import.meta.url));
const NOWHERE = "http://127.0.0.1:9/graphql";
const LIMIT_MS = 60_000;
/** Lives of a process are told from others by how many places they have. */
let places = 1_000;

export interface WorkerProcessOptions {
  /** The file it runs; that of the measure of take-overs when left out. */
  file?: string;
  env?: Record<string, string>;
}

export async function startWorkerProcess(
  { owner, urls, schema }: Pick<TestDatabase, "owner" | "urls" | "schema">,
  { file = program, env: more = {} }: WorkerProcessOptions = {},
): Promise<WorkerProcess> {
  const { privateKey } = await createKeys();
  const env = {
    ...process.env,
    WORKER_DATABASE_URL: urls.worker,
    SOMA_RUNS_SCHEMA: schema,
    SOMA_INTERNAL_SIGNING_KEY: JSON.stringify(privateKey),
    SOMA_SUBGRAPH_MEMORY_URL: NOWHERE,
    SOMA_SUBGRAPH_POLICY_URL: NOWHERE,
    SOMA_SUBGRAPH_TOOLS_URL: NOWHERE,
    SOMA_MODEL_PROFILE: "scripted",
    SOMA_LOG_LEVEL: "warn",
    SOMA_EVENT_BUS: "hold",
    ...more,
  };
  let child: ChildProcess;
  let slots = 0;

  const findLives = () => owner<{ workerId: string }[]>`
    select worker_id as "workerId" from worker where slots = ${slots} and state = 1 order by started_at desc`;
  const live = async (): Promise<string> =>
    until(
      "a worker lives",
      async () => {
        if (child.exitCode !== null) throw new Error(`the worker ended with ${child.exitCode}`);
        return (await findLives())[0]?.workerId;
      },
      LIMIT_MS,
    );
  async function start(): Promise<void> {
    slots = places += 1;
    child = spawn(process.execPath, [file], {
      env: { ...env, SOMA_WORKER_SLOTS: String(slots) },
      stdio: ["ignore", "ignore", "inherit"],
    });
    await live();
  }

  await start();
  return {
    workerId: live,
    signal: (signal) => child.kill(signal),
    pid: () => (child.exitCode === null && child.signalCode === null ? child.pid : undefined),
    async restart() {
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      await start();
    },
    async wake() {
      child.kill("SIGCONT");
      await live();
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGCONT");
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}
