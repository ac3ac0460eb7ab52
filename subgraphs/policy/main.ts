import type { EventBus } from "@soma/shared/bus/event-bus";
import { startInboxRetention } from "@soma/shared/bus/inbox-retention";
import { SomaError } from "@soma/shared/errors";
import { startSubgraph } from "@soma/shared/graphql/server";
import { readTypeDefs } from "@soma/shared/graphql/type-defs";
import type { Check } from "@soma/shared/http/readiness";
import { createDecisionSigner } from "@soma/shared/identity/decision-token";
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
import { createWatchDoor, WATCH_PATH } from "./api/watch-door.ts";
import { createSealSigner } from "./audit/seal-signer.ts";
import { startSealer } from "./audit/sealer.ts";
import { createRevisionKeeper } from "./commands/revision-keeper.ts";
import { readPolicyConfig } from "./config.ts";
import { consumeAuditRecorded } from "./consumers/audit-recorded.ts";
import { loadEngine, type ProjectTools } from "./decision/load-engine.ts";

interface StartPolicyDeps {
  env: Record<string, string | undefined>;
  /** Undefined when this process holds its events in the outbox. */
  bus: EventBus | undefined;
  log: Log;
  /** Tools beside those that ship: those of a project. */
  moreTools?: ProjectTools;
}

const NO_TOOLS: ReturnType<ProjectTools> = [];

/** Decides on tool calls and keeps the audit. With a policy that cannot be loaded it starts, and denies everything. */
export async function startPolicy(deps: StartPolicyDeps): Promise<Running> {
  const config = readPolicyConfig(deps.env);
  const log = deps.log.child({ part: "policy" });
  const lifecycle = createLifecycle(log);
  const following = { log, lifecycle };
  const keys = {
    internal: await openKeys(config, "internalVerifyKey", following),
    decision: await openKeys(config, "decisionSigningKey", following),
  };
  const projectTools = deps.moreTools ?? (() => NO_TOOLS);
  const engine = await loadEngine({ bundleDir: config.bundleDir, confDir: config.confDir, projectTools, log });

  const sql = connect({ url: config.databaseUrl, schema: config.schema, applicationName: "soma-policy", max: 8 });
  lifecycle.add("request pool", () => sql.end({ timeout: 2 }));
  const workerSql = connect({
    url: config.workerDatabaseUrl,
    schema: config.schema,
    applicationName: "soma-policy-worker",
    max: 2,
  });
  lifecycle.add("worker pool", () => workerSql.end({ timeout: 2 }));
  const sealer = startSealer({ sql: workerSql, sign: createSealSigner(keys.decision), log });
  lifecycle.add("audit sealer", sealer.close);
  const checks: Record<string, Check> = { postgres: () => ping(sql) };
  if (deps.bus !== undefined) {
    const consumer = await consumeAuditRecorded({ bus: deps.bus, sql: workerSql });
    lifecycle.add("audit consumer", consumer.close);
    const retention = startInboxRetention({ sql: workerSql, name: config.schema, log });
    lifecycle.add("inbox retention", retention.close);
    const wakeUp = await createNotifiedWakeUp({ sql: workerSql, schema: config.schema, log });
    lifecycle.add("wake-up hints", wakeUp.close);
    const source = createOutboxSource(workerSql, wakeUp);
    const relay = startRelay({ source, schema: config.schema, bus: deps.bus, log });
    checks.relay = relay.check;
    lifecycle.add("outbox relay", relay.close);
  }

  const { admit } = createOutboxLimit({ sql: workerSql, schema: config.schema, maxRows: config.outboxMaxRows });
  const now = (): Date => new Date();
  const { watchToken: token, watchTenant } = config;
  const watch = { sql, admit, now, token, tenant: watchTenant, log };
  const subgraph = await startSubgraph({
    name: "policy",
    typeDefs: await readTypeDefs(new URL("./api/", import.meta.url)),
    resolvers: createResolvers({
      sql,
      admit,
      engine,
      keepRevision: createRevisionKeeper(),
      sign: createDecisionSigner(keys.decision),
      ttlSeconds: config.decisionTtlS,
      now,
    }),
    verify: createPrincipalVerifier(keys.internal),
    log,
    host: config.host,
    port: config.port,
    doors: token === "" ? {} : { [WATCH_PATH]: createWatchDoor(watch) },
    checks: {
      ...checks,
      async bundle() {
        if (engine.fault !== undefined)
          throw new SomaError(
            "UNAVAILABLE",
            "degraded: every tool call is denied, because the policy bundle cannot be loaded",
          );
      },
    },
  });
  lifecycle.add("subgraph", subgraph.close);
  return { url: subgraph.url, findFaults: subgraph.findFaults, close: lifecycle.close };
}

if (import.meta.main) await runMain("policy", startPolicy);
