import { flushCompileCache } from "node:module";
import { confFolder } from "@soma/conf/read-conf";
import { loadRoles } from "@soma/conf/roles";
import { readModelConfig } from "@soma/runs/config";
import { followModels } from "@soma/runs/models/follow";
import { startWorker } from "@soma/runs/worker";
import { openOperatorDoor } from "@soma/shared/http/operator-door";
import { createLifecycle, type Lifecycle } from "@soma/shared/lifecycle";
import type { Log } from "@soma/shared/log";
import { onCrash, readProcessSettings } from "@soma/shared/run-main";
import { startTelemetry } from "@soma/shared/start-telemetry";
import { openLogFile } from "../log-file.ts";
import type { WorkerGiven } from "./launch-worker.ts";
import { loadSamples } from "./samples.ts";
import type { WorkerSays } from "./worker-process.ts";

/** The worker process of `npm start`: told by its parent what to connect to, it executes runs until it is stopped or killed. */
const TELL_MS = 500;
const CLOSE_MS = 20_000;

process.once("message", (given: WorkerGiven) => void run(given));
// A terminal asks every process of its group; who has started this one says when it is to stop.
for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
// Its parent was killed, and so is this one: neither hands anything back, as in a power cut.
process.on("disconnect", () => process.exit(1));

async function run({ env, dataDir }: WorkerGiven): Promise<void> {
  // For what reads it by itself, as telemetry does. It is seen from inside alone: what it began with stands where others see it.
  Object.assign(process.env, env);
  const { log } = openLogFile(dataDir, "worker");
  const lifecycle = createLifecycle(log, CLOSE_MS);
  onCrash(log, lifecycle.close);
  // Again and again: it is asked as one of its group and by its parent, and ends in order.
  const stopped = new Promise<void>((resolve) => process.on("SIGTERM", resolve));
  const started = start({ env, log, lifecycle }).then(
    () => flushCompileCache(),
    async (error: unknown) => {
      log.error({ err: error }, "the worker process could not start");
      // It may hold runs already, and did not die of them.
      await lifecycle.close().catch(() => {});
      process.exit(1);
    },
  );
  await stopped;
  await started;
  await lifecycle.close().catch(() => process.exit(1));
  process.exit(0);
}

async function start({ env, log, lifecycle }: Pick<WorkerGiven, "env"> & { log: Log; lifecycle: Lifecycle }) {
  const { otlpEndpoint, metricsHost } = readProcessSettings(env);
  const telemetry = await startTelemetry({ service: "worker", otlpEndpoint });
  lifecycle.add("telemetry", telemetry.close);
  const samples = await loadSamples();
  const confDir = confFolder(env.SOMA_CONF_DIR ?? "");
  const roles = Object.keys(loadRoles(confDir).roles);
  const { scenario } = samples;
  const models = await followModels({ confDir, env, settings: readModelConfig(env), roles, scenario, log, lifecycle });
  // What was done is published by the product, of the same journal.
  const own = { graphs: samples.graphs, moreTools: samples.tools };
  const worker = await startWorker({ env, bus: undefined, log, models, ...own });
  lifecycle.add("worker", worker.close);
  const door = await openOperatorDoor({ worker: worker.findFaults }, { host: metricsHost, port: 0 });
  lifecycle.add("metrics", door.close);
  log.info({ url: `${door.url}/metrics` }, "metrics are served");
  const tell = async (): Promise<void> => {
    const says: WorkerSays = {
      ready: Object.keys(await worker.findFaults()).length === 0,
      workerId: worker.workerId(),
    };
    if (process.connected) process.send?.(says);
  };
  const timer = setInterval(() => void tell(), TELL_MS);
  lifecycle.add("telling", () => clearInterval(timer));
  await tell();
}
