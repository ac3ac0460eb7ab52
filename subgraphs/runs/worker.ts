import { confFolder, loadModels } from "@soma/conf";
import type { EventBus } from "@soma/shared/bus/event-bus";
import { createLocalBus } from "@soma/shared/bus/local-bus";
import { createPrincipalSigner } from "@soma/shared/identity/internal-token";
import { createLifecycle } from "@soma/shared/lifecycle";
import { createLog, type Log } from "@soma/shared/log";
import { connect } from "@soma/shared/postgres/connect";
import { readWorkerConfig } from "./config.ts";
import { connectServices } from "./engine/connect-services.ts";
import { createGraphRegistry } from "./engine/graph-registry.ts";
import { type IncarnationOptions, type RunningIncarnation, startIncarnation } from "./engine/incarnation.ts";
import { startJournalRelay } from "./engine/journal-relay.ts";
import { createWakeUp } from "./engine/wake-up.ts";
import { createModelSource, type ModelSource } from "./models/model-source.ts";

export interface StartWorkerDeps {
  env: Record<string, string | undefined>;
  bus: EventBus;
  log: Log;
  models?: ModelSource;
}

/** Executes runs and publishes their history. Start as many as there is work for. */
export async function startWorker(deps: StartWorkerDeps): Promise<{ close(): Promise<void> }> {
  const config = readWorkerConfig(deps.env);
  const log = deps.log.child({ part: "worker" });
  const lifecycle = createLifecycle(log, 20_000);
  const pool = (name: string, max: number, parameters: Record<string, string> = {}) => {
    const sql = connect({
      url: config.workerDatabaseUrl,
      schema: config.schema,
      applicationName: `soma-worker-${name}`,
      max,
      parameters,
    });
    lifecycle.add(`${name} pool`, () => sql.end({ timeout: 2 }));
    return sql;
  };
  // The generic plan keeps the commit at one plan for its life; Postgres would make a new one for each batch size.
  const sql = {
    commits: pool("commits", 2, { plan_cache_mode: "force_generic_plan", lock_timeout: "2000" }),
    liveness: pool("liveness", 1),
    general: pool("general", 8),
  };
  const models =
    deps.models ??
    (await createModelSource({
      models: loadModels(confFolder(config.confDir)),
      env: deps.env,
      wanted: config.modelProfile,
    }));
  const wakeUp = await createWakeUp({ sql: sql.general, schema: config.schema, log });
  lifecycle.add("wake-up", wakeUp.close);
  const services = connectServices({
    urls: { memory: config.memoryUrl, policy: config.policyUrl, tools: config.toolsUrl },
    sign: await createPrincipalSigner(config.internalSigningKey, "soma-worker"),
    sql: sql.general,
    model: models.get,
  });
  const relay = startJournalRelay({ sql: sql.general, bus: deps.bus, log });
  lifecycle.add("journal relay", relay.close);
  const life = await liveOn({
    sql,
    graphs: createGraphRegistry(),
    services,
    wakeUp,
    slots: config.slots,
    log,
    now: () => new Date(),
  });
  lifecycle.add("worker", life.close);
  return { close: lifecycle.close };
}

/** One incarnation after another: when one is lost, a new one with a new identity takes its place. */
async function liveOn(options: IncarnationOptions): Promise<{ close(): Promise<void> }> {
  let closed = false;
  let current: RunningIncarnation = await startIncarnation(options);
  void follow();

  async function follow(): Promise<void> {
    while (!closed) {
      await current.lost;
      if (closed) return;
      options.log.error("the worker lost its incarnation and begins a new one");
      await current
        .close()
        .catch((error: unknown) => options.log.warn({ err: error }, "a lost incarnation did not close"));
      current = await startAgain();
    }
  }

  async function startAgain(): Promise<RunningIncarnation> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await startIncarnation(options);
      } catch (error) {
        options.log.warn({ err: error, attempt }, "the worker could not begin a new incarnation yet");
        await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(10_000, 100 * 2 ** attempt)));
      }
    }
  }

  return {
    async close() {
      closed = true;
      await current.close();
    },
  };
}

if (import.meta.main) {
  const log = createLog({ level: process.env.SOMA_LOG_LEVEL ?? "info", service: "worker" });
  const running = await startWorker({ env: process.env, bus: createLocalBus(), log });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => running.close());
}
