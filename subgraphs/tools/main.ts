import { resolve } from "node:path";
import { confFolder } from "@soma/conf/read-conf";
import { loadRoles } from "@soma/conf/roles";
import type { Tool } from "@soma/sdk/define-tool";
import type { EventBus } from "@soma/shared/bus/event-bus";
import { startInboxRetention } from "@soma/shared/bus/inbox-retention";
import { SomaError } from "@soma/shared/errors";
import { startSubgraph } from "@soma/shared/graphql/server";
import { createServiceClient } from "@soma/shared/graphql/service-client";
import { readTypeDefs } from "@soma/shared/graphql/type-defs";
import type { Check } from "@soma/shared/http/readiness";
import { createDecisionVerifier, type VerifyDecision } from "@soma/shared/identity/decision-token";
import {
  createPrincipalSigner,
  createPrincipalVerifier,
  type VerifyPrincipal,
} from "@soma/shared/identity/internal-token";
import { type Following, openKeys } from "@soma/shared/identity/open-keys";
import { createLifecycle, type Lifecycle } from "@soma/shared/lifecycle";
import type { Log } from "@soma/shared/log";
import { createOutboxLimit } from "@soma/shared/outbox/outbox-limit";
import { createOutboxSource } from "@soma/shared/outbox/outbox-source";
import { startRelay } from "@soma/shared/outbox/relay";
import { connect } from "@soma/shared/postgres/connect";
import { createNotifiedWakeUp } from "@soma/shared/postgres/notified-wake-up";
import { ping } from "@soma/shared/postgres/ping";
import { runMain } from "@soma/shared/run-main";
import type { Running } from "@soma/shared/subgraph-settings";
import { createInvocationHints } from "./api/invocation-hints.ts";
import { createResolvers } from "./api/resolvers.ts";
import { type AnswerRequestsDeps, startAnsweringRequests } from "./commands/answer-requests.ts";
import { readRequestsConfig, readToolsConfig } from "./config.ts";
import { consumeRunEnded } from "./consumers/run-ended.ts";
import { consumeToolRequested, type ToolRequestedDeps } from "./consumers/tool-requested.ts";
import { discoverTools, SHIPPED_TOOLS } from "./execution/catalog/discover-tools.ts";
import { createLiveRegistry, type MoreTools } from "./execution/catalog/live-registry.ts";
import { startExecutorLife } from "./execution/invocations/executor-life.ts";
import { InvocationRunner } from "./execution/invocations/invocation-runner.ts";
import { startSweepAbandoned } from "./execution/invocations/sweep-abandoned.ts";
import { startSweep } from "./execution/invocations/sweep-lost.ts";
import { openSandboxes } from "./execution/sandboxes/open-sandboxes.ts";
import { askPolicyBy } from "./peers/policy.ts";

export interface StartToolsDeps {
  env: Record<string, string | undefined>;
  /** Undefined when this process holds its events in the outbox. */
  bus: EventBus | undefined;
  log: Log;
  /** Tools beside those that ship: those of a project. */
  moreTools?: MoreTools;
}

const NO_TOOLS: readonly Tool[] = [];

/** Starts the tools subgraph: its API, the executor of this process, the sweep after dead ones and the outbox relay. */
export async function startTools({ env, bus, log, moreTools = () => NO_TOOLS }: StartToolsDeps): Promise<Running> {
  const config = readToolsConfig(env);
  const lifecycle = createLifecycle(log);
  try {
    const { schema } = config;
    const database = (url: string, name: string, max: number) => {
      const sql = connect({ url, schema, applicationName: `soma-tools-${name}`, max });
      lifecycle.add(`database pool ${name}`, () => sql.end({ timeout: 2 }));
      return sql;
    };
    const request = database(config.databaseUrl, "request", 10);
    const worker = database(config.workerDatabaseUrl, "worker", 4);
    const liveness = database(config.workerDatabaseUrl, "liveness", 1);

    const wakeUp = await createNotifiedWakeUp({ sql: worker, schema, log });
    lifecycle.add("wake-up hints", wakeUp.close);
    const checks: Record<string, Check> = { postgres: () => ping(request) };
    if (bus !== undefined) {
      const consumer = await consumeRunEnded({ bus, sql: worker });
      lifecycle.add("consumer of ended runs", consumer.close);
      const retention = startInboxRetention({ sql: worker, name: schema, log });
      lifecycle.add("inbox retention", retention.close);
      const relay = startRelay({ source: createOutboxSource(worker, wakeUp), schema, bus, log });
      checks.relay = relay.check;
      lifecycle.add("outbox relay", relay.close);
    }
    const life = await startExecutorLife({ sql: { worker, liveness }, log });
    lifecycle.add("executor", () => life.close());
    const lostHints = createInvocationHints({ sql: request, wakeUp, log });
    lifecycle.add("lost hints", lostHints.close);
    const sweep = startSweep({ worker, life, wakeUp, log });
    lifecycle.add("sweep", () => sweep.close());
    const dataDir = resolve(config.dataDir);
    const runner = new InvocationRunner({
      sql: { request, worker },
      life,
      wakeUp,
      dataDir,
      concurrency: config.concurrency,
      sandboxes: await openSandboxes(config.sandbox, log),
      log,
    });
    lifecycle.add("tools that run", () => runner.close());
    const sweepAbandoned = startSweepAbandoned({ worker, life, runner, wakeUp, log });
    lifecycle.add("sweep of abandoned invocations", () => sweepAbandoned.close());

    const shipped = await discoverTools(SHIPPED_TOOLS, { httpFetchAllow: config.httpFetchAllow });
    const registry = createLiveRegistry(shipped, moreTools);
    const { verify, verifyDecision } = await openVerifiers(config, { log, lifecycle });
    const { admit } = createOutboxLimit({ sql: worker, schema, maxRows: config.outboxMaxRows });
    const deps = { sql: request, registry, runner, life, wakeUp, verifyDecision };
    if (bus !== undefined && config.inboundTenants.any) {
      const asked = { ...deps, worker, concurrency: config.concurrency, log };
      await takeRequests(asked, { env, bus, admit, tenants: config.inboundTenants, lifecycle, checks });
    }
    const subgraph = await startSubgraph({
      name: "tools",
      typeDefs: await readTypeDefs(new URL("./api/", import.meta.url)),
      resolvers: createResolvers({ ...deps, admit, lostHints }),
      verify,
      log,
      host: config.host,
      port: config.port,
      checks: {
        ...checks,
        "lost hints": lostHints.check,
        sweep: sweep.check,
        "sweep of abandoned invocations": sweepAbandoned.check,
        watch: runner.check,
        async executor() {
          if (life.id() === undefined)
            throw new SomaError("UNAVAILABLE", "its lock in the database was lost, and there is no new one yet");
        },
      },
    });
    lifecycle.add("subgraph", () => subgraph.close());
    log.info({ url: subgraph.url, tools: registry.list().map((tool) => tool.name) }, "the tools subgraph serves");
    return { url: subgraph.url, findFaults: subgraph.findFaults, close: () => lifecycle.close() };
  } catch (error) {
    await lifecycle.close().catch(() => {});
    throw error;
  }
}

/** Who checks the tokens that come with a call: who asks, and that it was decided. */
async function openVerifiers(
  config: ReturnType<typeof readToolsConfig>,
  following: Following,
): Promise<{ verify: VerifyPrincipal; verifyDecision: VerifyDecision }> {
  const decisions = await openKeys(config, "decisionVerifyKey", following);
  const internal = await openKeys(config, "internalVerifyKey", following);
  return { verify: createPrincipalVerifier(internal), verifyDecision: createDecisionVerifier(decisions) };
}

interface Taking extends Pick<ToolRequestedDeps, "bus" | "tenants" | "admit"> {
  env: StartToolsDeps["env"];
  lifecycle: Lifecycle;
  checks: Record<string, Check>;
}

/** Listens to requests for tools on the bus, and answers them under the default role. */
async function takeRequests(
  deps: Omit<AnswerRequestsDeps, "askPolicy" | "role">,
  { env, bus, admit, tenants, lifecycle, checks }: Taking,
): Promise<void> {
  const config = readRequestsConfig(env);
  const role = loadRoles(confFolder(config.confDir)).default;
  const keys = await openKeys(config, "internalSigningKey", { log: deps.log, lifecycle });
  const sign = createPrincipalSigner(keys, "soma-tools");
  const policy = createServiceClient({ peer: "policy", url: config.policyUrl, sign });
  const answering = startAnsweringRequests({ ...deps, askPolicy: askPolicyBy(policy, role), role });
  lifecycle.add("answers to requests", answering.close);
  checks.requests = answering.check;
  const { worker: sql, registry } = deps;
  const consumer = await consumeToolRequested({ bus, sql, tenants, registry, admit, onAccepted: answering.wake });
  lifecycle.add("consumer of requests", consumer.close);
}

if (import.meta.main) await runMain("tools", startTools);
