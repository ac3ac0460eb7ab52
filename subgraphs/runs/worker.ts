import { loadBudgets } from "@soma/conf/budgets";
import { confFolder } from "@soma/conf/read-conf";
import { isWithin, loadRoles } from "@soma/conf/roles";
import { loadTenants } from "@soma/conf/tenants";
import type { EventBus } from "@soma/shared/bus/event-bus";
import { startInboxRetention } from "@soma/shared/bus/inbox-retention";
import { type Check, createReadiness, type FindFaults } from "@soma/shared/http/readiness";
import { createPrincipalSigner } from "@soma/shared/identity/internal-token";
import { openKeys } from "@soma/shared/identity/open-keys";
import { createLifecycle, type Lifecycle } from "@soma/shared/lifecycle";
import type { Log } from "@soma/shared/log";
import { startLoop } from "@soma/shared/loop";
import { startRelay } from "@soma/shared/outbox/relay";
import { connect, type Sql, WHOLE_TABLES } from "@soma/shared/postgres/connect";
import { liveOn } from "@soma/shared/postgres/incarnation";
import { createNotifiedWakeUp } from "@soma/shared/postgres/notified-wake-up";
import { ping } from "@soma/shared/postgres/ping";
import { runMain } from "@soma/shared/run-main";
import { discoverGraphs } from "./agents/discover-graphs.ts";
import { createAdmission } from "./commands/admission.ts";
import { createMigrations } from "./commands/migrate-runs.ts";
import { createRemoval } from "./commands/remove-old-runs.ts";
import { createRunBudgets } from "./commands/run-budgets.ts";
import { createRunStarter } from "./commands/run-starter.ts";
import { startDueRuns } from "./commands/start-due-runs.ts";
import { createSweep } from "./commands/sweep-budgets.ts";
import { readWorkerConfig } from "./config.ts";
import { type ConversationDeps, consumeConversation } from "./consumers/conversation-inbound.ts";
import { WORK_WAITS } from "./domain/hints.ts";
import { createGraphRegistry, type GraphRegistry } from "./engine/graphs/graph-registry.ts";
import { createJournalSource } from "./engine/journal/journal-source.ts";
import { startHeartbeat } from "./engine/worker/heartbeat.ts";
import { startIncarnation } from "./engine/worker/incarnation.ts";
import { followModels } from "./models/follow-models.ts";
import type { ModelSource } from "./models/model-source.ts";
import { connectServices } from "./peers/connect-services.ts";
import type { Incarnation } from "./store/commit-batch.ts";
import { findRunsOf, type HeldRun } from "./store/find-runs-of.ts";

/** How late a schedule may be. */
const SCHEDULES_MS = 1_000;
/** How late what is reserved for calls comes back whose process died, where nobody asks for it before. */
const BUDGETS_MS = 10_000;
/** How late a run goes away that is of age, and an erasure goes on that was left. */
const RETENTION_MS = 60_000;
/** How often is looked for runs of graphs that another one takes over. */
const MIGRATIONS_MS = 2_000;

export interface StartWorkerDeps {
  env: Record<string, string | undefined>;
  /** Undefined when this process publishes nothing; the journal keeps what others have not heard of. */
  bus: EventBus | undefined;
  log: Log;
  models?: ModelSource;
  /** Those that ship and those of a project; left out, those that ship. */
  graphs?: GraphRegistry;
  /** Tools of a project, where they run in this process too. */
  moreTools?: () => unknown;
  /** Whether it claims runs at the moment, for one that stands by for another one; always when left out. */
  mayClaim?: () => boolean;
}

export interface RunningWorker {
  findFaults: FindFaults;
  /** The id of its present life. */
  workerId(): string;
  /** What a worker executes, this one or another: 200 runs at most. */
  findRunsOf(workerId: string): Promise<HeldRun[]>;
  close(): Promise<void>;
}

/** Executes runs and publishes their history. Start as many as there is work for. */
export async function startWorker(deps: StartWorkerDeps): Promise<RunningWorker> {
  const config = readWorkerConfig(deps.env);
  const log = deps.log.child({ part: "worker" });
  const lifecycle = createLifecycle(log, 20_000);
  const keys = await openKeys(config, "internalSigningKey", { log, lifecycle });
  const sql = openPools(config, lifecycle);
  const { workerDatabaseUrl: url, schema, stallMs } = config;
  const heartbeat = await startHeartbeat({ url, schema, stallMs, log });
  lifecycle.add("heartbeat", () => heartbeat.close());
  const confDir = confFolder(config.confDir);
  const roles = loadRoles(confDir);
  const models =
    deps.models ??
    (await followModels({ confDir, env: deps.env, settings: config, roles: Object.keys(roles.roles), log, lifecycle }));
  const wakeUp = await createNotifiedWakeUp({ sql: sql.general, schema: config.schema, log });
  lifecycle.add("wake-up", wakeUp.close);
  const [tenants, budgets] = [loadTenants(confDir), loadBudgets(confDir)];
  const services = connectServices({
    urls: { memory: config.memoryUrl, policy: config.policyUrl, tools: config.toolsUrl },
    sign: createPrincipalSigner(keys, "soma-worker"),
    sql: sql.general,
    models,
    contextTokens: config.contextTokens,
    budgets,
    moreTools: deps.moreTools,
  });
  const checks: Record<string, Check> = { postgres: () => ping(sql.general) };
  if (deps.bus !== undefined) {
    const { currency } = budgets;
    const source = createJournalSource(sql.general, { currency, answering: config.inboundTenants, wakeUp });
    const relay = startRelay({ source, schema: config.schema, bus: deps.bus, log });
    checks.relay = relay.check;
    lifecycle.add("journal relay", relay.close);
  }
  const graphs = deps.graphs ?? createGraphRegistry(await discoverGraphs());
  const now = (): Date => new Date();
  const options = {
    sql,
    heartbeat,
    graphs,
    services,
    wakeUp,
    slots: config.slots,
    ...(deps.mayClaim === undefined ? {} : { mayClaim: deps.mayClaim }),
    tenants,
    limits: config,
    // What a project brings is the default role's alone: no other role is as wide as that one then.
    mayDelegate: (inner: string, outer: string) =>
      isWithin(roles, inner, outer) && (deps.moreTools === undefined || inner === outer || inner !== roles.default),
    log,
    now,
    owed: new Set<Incarnation>(),
  };
  const life = await liveOn(() => startIncarnation(options), log);
  lifecycle.add("worker", life.close);
  const starting = {
    sql: sql.general,
    starter: createRunStarter(sql.general),
    graphs,
    admission: createAdmission({ sql: sql.general, tenants, now }),
    runBudgets: createRunBudgets({ sql: sql.general, conf: budgets }),
    defaultRole: roles.default,
    pickProfile: models.pick,
    now,
    log,
  };
  const inbound = { ...starting, tenants: config.inboundTenants, wakeUp };
  await hearMessages(inbound, { bus: deps.bus, schema, lifecycle });
  const loop = (name: string, intervalMs: number, tick: () => Promise<boolean>): void => {
    const { check, close } = startLoop({ name, intervalMs, log }, tick);
    lifecycle.add(name, close);
    checks[name] = check;
  };
  const onMigrated = (runId: string): void => {
    wakeUp.changed(runId);
    wakeUp.changed(WORK_WAITS);
  };
  loop("schedules", SCHEDULES_MS, () => startDueRuns(starting));
  loop("budgets", BUDGETS_MS, createSweep(sql.general));
  loop("retention", RETENTION_MS, createRemoval({ sql: sql.general, tenants, log, now }));
  loop("migrations", MIGRATIONS_MS, createMigrations({ sql: sql.general, graphs, log, now, onMigrated }));
  checks.runs = () => life.current().check();
  return {
    findFaults: createReadiness(checks, log),
    workerId: () => life.current().workerId,
    findRunsOf: (workerId) => findRunsOf(sql.general, { workerId }),
    close: lifecycle.close,
  };
}

/** Listens to what users say on the bus, where somebody may. */
async function hearMessages(
  inbound: Omit<ConversationDeps, "bus"> & { log: Log },
  { bus, schema, lifecycle }: { bus: EventBus | undefined; schema: string; lifecycle: Lifecycle },
): Promise<void> {
  if (bus === undefined || !inbound.tenants.any) return;
  const retention = startInboxRetention({ sql: inbound.sql, name: schema, log: inbound.log });
  lifecycle.add("inbox retention", retention.close);
  const conversation = await consumeConversation({ ...inbound, bus });
  lifecycle.add("conversation", conversation.close);
}

function openPools({ workerDatabaseUrl: url, schema }: ReturnType<typeof readWorkerConfig>, lifecycle: Lifecycle) {
  const pool = (name: string, max: number, parameters: Record<string, string> = {}): Sql => {
    const sql = connect({ url, schema, applicationName: `soma-worker-${name}`, max, parameters });
    lifecycle.add(`${name} pool`, () => sql.end({ timeout: 2 }));
    return sql;
  };
  // The generic plan keeps the commit at one plan for its life; Postgres would make a new one for each batch size.
  return {
    commits: pool("commits", 2, { plan_cache_mode: "force_generic_plan", lock_timeout: "2000" }),
    liveness: pool("liveness", 1),
    // Steps hold theirs for as long as they take.
    projects: pool("projects", 4, { lock_timeout: "2000", ...WHOLE_TABLES }),
    general: pool("general", 8),
  };
}

if (import.meta.main) await runMain("worker", startWorker);
