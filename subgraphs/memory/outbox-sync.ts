import type { EventBus } from "@soma/shared/bus/event-bus";
import { ConfigError } from "@soma/shared/config";
import { type Check, createReadiness } from "@soma/shared/http/readiness";
import { createLifecycle } from "@soma/shared/lifecycle";
import type { Log } from "@soma/shared/log";
import { createOutboxSource } from "@soma/shared/outbox/outbox-source";
import { startRelay } from "@soma/shared/outbox/relay";
import { connect } from "@soma/shared/postgres/connect";
import { createNotifiedWakeUp } from "@soma/shared/postgres/notified-wake-up";
import { ping } from "@soma/shared/postgres/ping";
import { type Part, runMain } from "@soma/shared/run-main";
import { readOutboxSyncConfig } from "./config.ts";
import { startSync } from "./sync/start-sync.ts";

interface StartOutboxSyncDeps {
  env: Record<string, string | undefined>;
  bus: EventBus | undefined;
  log: Log;
}

/**
 * Publishes what the memory subgraph has written, where its own processes hold it: they need no broker then, and whoever
 * serves callers knows no password of Kafka. It also brings memories to SomaBrain, where there is one. Several share the work
 * by leases.
 */
export async function startOutboxSync({ env, bus, log: whole }: StartOutboxSyncDeps): Promise<Part> {
  const config = readOutboxSyncConfig(env);
  if (bus === undefined)
    throw new ConfigError([
      "SOMA_EVENT_BUS is hold, and this process is there to publish what others hold; set it to kafka",
    ]);
  const log = whole.child({ part: "outbox-sync" });
  const lifecycle = createLifecycle(log);
  const { workerDatabaseUrl: url, schema } = config;
  const sql = connect({ url, schema, applicationName: "soma-outbox-sync", max: 2 });
  lifecycle.add("worker pool", () => sql.end({ timeout: 2 }));
  const wakeUp = await createNotifiedWakeUp({ sql, schema, log });
  lifecycle.add("wake-up hints", wakeUp.close);
  const relay = startRelay({ source: createOutboxSource(sql, wakeUp), schema, bus, log });
  lifecycle.add("outbox relay", relay.close);
  const checks: Record<string, Check> = { postgres: () => ping(sql), relay: relay.check };
  if (config.somaBrainUrl !== "") {
    const sync = startSync({ ...config, sql, log });
    checks.somabrain = sync.check;
    lifecycle.add("sync to SomaBrain", sync.close);
  }
  return { findFaults: createReadiness(checks, log), close: lifecycle.close };
}

if (import.meta.main) await runMain("outbox-sync", startOutboxSync);
