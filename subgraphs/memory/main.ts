import type { EventBus } from "@soma/shared/bus/event-bus";
import { startSubgraph } from "@soma/shared/graphql/server";
import { readTypeDefs } from "@soma/shared/graphql/type-defs";
import type { Check } from "@soma/shared/http/readiness";
import { createPrincipalVerifier } from "@soma/shared/identity/internal-token";
import { openKeys } from "@soma/shared/identity/open-keys";
import { createLifecycle } from "@soma/shared/lifecycle";
import type { Log } from "@soma/shared/log";
import { createOutboxLimit } from "@soma/shared/outbox/outbox-limit";
import { createOutboxSource } from "@soma/shared/outbox/outbox-source";
import { startRelay } from "@soma/shared/outbox/relay";
import { connect } from "@soma/shared/postgres/connect";
import { createNotifiedWakeUp } from "@soma/shared/postgres/notified-wake-up";
import { ping } from "@soma/shared/postgres/ping";
import { runMain } from "@soma/shared/run-main";
import type { Running } from "@soma/shared/subgraph-settings";
import { createResolvers } from "./api/resolvers.ts";
import { startAddingTokens } from "./commands/add-tokens.ts";
import { startForgetting } from "./commands/forget-rest.ts";
import { readMemoryConfig } from "./config.ts";
import { createLocalBrain } from "./recall/local/local-brain.ts";
import { createBrainWithSomaBrain } from "./recall/with-somabrain.ts";
import { createSomaBrain } from "./somabrain/create-somabrain.ts";
import { startSync } from "./sync/start-sync.ts";

interface StartMemoryDeps {
  env: Record<string, string | undefined>;
  /** Undefined when this process holds its events in the outbox. */
  bus: EventBus | undefined;
  log: Log;
}

/** Remembers, links and recalls, in Postgres. */
export async function startMemory(deps: StartMemoryDeps): Promise<Running> {
  const config = readMemoryConfig(deps.env);
  const log = deps.log.child({ part: "memory" });
  const lifecycle = createLifecycle(log);
  const keys = await openKeys(config, "internalVerifyKey", { log, lifecycle });
  const sql = connect({ url: config.databaseUrl, schema: config.schema, applicationName: "soma-memory", max: 8 });
  lifecycle.add("request pool", () => sql.end({ timeout: 2 }));
  const workerSql = connect({
    url: config.workerDatabaseUrl,
    schema: config.schema,
    applicationName: "soma-memory-worker",
    max: 2,
  });
  lifecycle.add("worker pool", () => workerSql.end({ timeout: 2 }));
  const checks: Record<string, Check> = { postgres: () => ping(sql) };
  if (deps.bus !== undefined) {
    const wakeUp = await createNotifiedWakeUp({ sql: workerSql, schema: config.schema, log });
    lifecycle.add("wake-up hints", wakeUp.close);
    const source = createOutboxSource(workerSql, wakeUp);
    const relay = startRelay({ source, schema: config.schema, bus: deps.bus, log });
    checks.relay = relay.check;
    lifecycle.add("outbox relay", relay.close);
    if (config.somaBrainUrl !== "") {
      const sync = startSync({ ...config, sql: workerSql, log });
      checks.somabrain = sync.check;
      lifecycle.add("sync to SomaBrain", sync.close);
    }
  }

  const now = () => new Date();
  const local = createLocalBrain({ sql, now });
  const somaBrain = config.somaBrainUrl === "" ? undefined : createSomaBrain(config);
  const { recallDeadlineMs: deadlineMs } = config;
  const brain =
    somaBrain === undefined ? local : createBrainWithSomaBrain({ local, sql, brain: somaBrain, deadlineMs });
  const forgetting = startForgetting({ sql: workerSql, now, log });
  checks.forgetting = forgetting.check;
  lifecycle.add("forgetting", forgetting.close);
  const tokens = startAddingTokens({ sql: workerSql, log });
  checks.tokens = tokens.check;
  lifecycle.add("tokens of older memories", tokens.close);
  const { admit } = createOutboxLimit({ sql: workerSql, schema: config.schema, maxRows: config.outboxMaxRows });
  const subgraph = await startSubgraph({
    name: "memory",
    typeDefs: await readTypeDefs(new URL("./api/", import.meta.url)),
    resolvers: createResolvers({ sql, brain, somaBrain, now, admit }),
    verify: createPrincipalVerifier(keys),
    log,
    host: config.host,
    port: config.port,
    checks,
  });
  lifecycle.add("subgraph", subgraph.close);
  return { url: subgraph.url, findFaults: subgraph.findFaults, close: lifecycle.close };
}

if (import.meta.main) await runMain("memory", startMemory);
