import { readFile } from "node:fs/promises";
import { confFolder, loadRoles, SHIPPED_CONF } from "@soma/conf";
import type { EventBus } from "@soma/shared/bus/event-bus";
import { SomaError } from "@soma/shared/errors";
import { startSubgraph } from "@soma/shared/graphql/server";
import { createDecisionSigner } from "@soma/shared/identity/decision-token";
import { createPrincipalVerifier } from "@soma/shared/identity/internal-token";
import { createLifecycle } from "@soma/shared/lifecycle";
import type { Log } from "@soma/shared/log";
import { createOutboxSource } from "@soma/shared/outbox/outbox-source";
import { startRelay } from "@soma/shared/outbox/relay";
import { connect } from "@soma/shared/postgres/connect";
import { runMain } from "@soma/shared/run-main";
import type { Running } from "@soma/shared/subgraph-settings";
import { createResolvers } from "./api/resolvers.ts";
import { readPolicyConfig } from "./config.ts";
import { consumeAuditRecorded } from "./consumers/audit-recorded.ts";
import { createPolicyEngine, type PolicyEngine } from "./decision/engine.ts";

export interface StartPolicyDeps {
  env: Record<string, string | undefined>;
  /** Undefined when this process holds its events in the outbox. */
  bus: EventBus | undefined;
  log: Log;
}

/** Decides on tool calls and keeps the audit. A policy that cannot be loaded does not keep it from starting: it denies everything, and logs an error. */
export async function startPolicy(deps: StartPolicyDeps): Promise<Running> {
  const config = readPolicyConfig(deps.env);
  const log = deps.log.child({ part: "policy" });
  const lifecycle = createLifecycle(log);
  const engine = await loadEngine(config, log);

  const sql = connect({ url: config.databaseUrl, schema: config.schema, applicationName: "soma-policy", max: 8 });
  lifecycle.add("request pool", () => sql.end({ timeout: 2 }));
  const workerSql = connect({
    url: config.workerDatabaseUrl,
    schema: config.schema,
    applicationName: "soma-policy-worker",
    max: 2,
  });
  lifecycle.add("worker pool", () => workerSql.end({ timeout: 2 }));
  if (deps.bus !== undefined) {
    const consumer = await consumeAuditRecorded({ bus: deps.bus, sql: workerSql });
    lifecycle.add("audit consumer", consumer.close);
    const relay = startRelay({ source: createOutboxSource(workerSql), schema: config.schema, bus: deps.bus, log });
    lifecycle.add("outbox relay", relay.close);
  }

  const subgraph = await startSubgraph({
    name: "policy",
    typeDefs: await readFile(new URL("./api/policy.graphql", import.meta.url), "utf8"),
    resolvers: createResolvers({
      sql,
      engine,
      sign: await createDecisionSigner(config.decisionSigningKey),
      ttlSeconds: config.decisionTtlS,
      now: () => new Date(),
    }),
    verify: await createPrincipalVerifier(config.internalVerifyKey),
    log,
    host: config.host,
    port: config.port,
    async ready() {
      if (engine.fault !== undefined)
        throw new SomaError(
          "UNAVAILABLE",
          "degraded: every tool call is denied, because the policy bundle cannot be loaded",
        );
      await sql`select 1`;
    },
  });
  lifecycle.add("subgraph", subgraph.close);
  return { url: subgraph.url, close: lifecycle.close };
}

async function loadEngine(config: ReturnType<typeof readPolicyConfig>, log: Log): Promise<PolicyEngine> {
  const bundle = config.bundleDir === "" ? new URL("policies/", SHIPPED_CONF) : confFolder(config.bundleDir);
  const wasm = await readFile(new URL("tools.wasm", bundle)).catch((error: unknown) => {
    log.error({ err: error, folder: bundle.pathname }, "there is no policy bundle");
    return new Uint8Array();
  });
  return createPolicyEngine({ wasm, data: { roles: loadRoles(confFolder(config.confDir)).roles }, log });
}

if (import.meta.main) await runMain("policy", startPolicy);
