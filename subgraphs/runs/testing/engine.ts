import { type BudgetsConf, loadBudgets } from "@soma/conf/budgets";
import { loadTenants, type TenantsConf } from "@soma/conf/tenants";
import type { AnyGraph } from "@soma/sdk/graph";
import type { StepServices } from "@soma/sdk/services";
import { readSettings } from "@soma/shared/config";
import type { Principal } from "@soma/shared/identity/principal";
import { newId } from "@soma/shared/ids";
import { createSilentLog, type Log } from "@soma/shared/log";
import { connect, type Sql } from "@soma/shared/postgres/connect";
import { liveOn } from "@soma/shared/postgres/incarnation";
import { createNotifiedWakeUp, type NotifiedWakeUp } from "@soma/shared/postgres/notified-wake-up";
import { transaction } from "@soma/shared/postgres/transaction";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { type Admission, createAdmission } from "../commands/admission.ts";
import { createRunBudgets } from "../commands/run-budgets.ts";
import { createRunStarter } from "../commands/run-starter.ts";
import { type StartRunDeps, type StartRunParams, startRun } from "../commands/start-run.ts";
import { WORK_WAITS } from "../domain/hints.ts";
import type { HistoryEvent } from "../domain/history.ts";
import { isFinished } from "../domain/run-status.ts";
import type { ConnectedServices } from "../engine/execute/run-context.ts";
import { type RunLimits, runLimitSettings } from "../engine/execute/run-limits.ts";
import { createGraphRegistry } from "../engine/graphs/graph-registry.ts";
import { type Heartbeat, type KeptLease, startHeartbeat } from "../engine/worker/heartbeat.ts";
import { type RunningIncarnation, startIncarnation } from "../engine/worker/incarnation.ts";
import { runsMigrations } from "../migrate.ts";
import { chooseProfile } from "../models/choose-profile.ts";
import type { Incarnation } from "../store/commit-batch.ts";
import { findRuns } from "../store/find-runs.ts";
import { readHistory } from "../store/read-history.ts";
import type { RunRow } from "../store/tables.ts";

/** A runs database with as many workers as a test wants, for graphs of the test's own. */
export interface EngineHarness {
  database: TestDatabase;
  wakeUp: NotifiedWakeUp;
  admission: Admission;
  start(params: Partial<StartRunParams> & { graph: string }, principal?: Principal): Promise<RunRow>;
  /** A worker with pools of its own; `kill()` ends its connections the way the death of its process would. */
  startWorker(
    slots?: number,
    owed?: Set<Incarnation>,
    commitsBy?: (sql: Sql) => Sql,
    mayClaim?: () => boolean,
  ): Promise<{ life: RunningIncarnation; kill(): Promise<void> }>;
  /** A process that begins another life whenever it lost one; `cut()` ends all its connections, and it lives on. */
  startProcess(): Promise<{ cut(): Promise<number> }>;
  find(runId: string, tenant?: string): Promise<RunRow | undefined>;
  history(runId: string): Promise<HistoryEvent[]>;
  finished(runId: string): Promise<RunRow>;
  /** The clock of the workers. */
  now(): Date;
  /** As if this time had passed, for the clock of the workers. */
  skip(ms: number): void;
  /**
   * As if this time had passed while a run was parked: for the clock of the workers, and for the run in the database.
   */
  skipWait(runId: string, ms: number): Promise<void>;
  close(): Promise<void>;
}

const STALL_MS = 30_000;

/** The heartbeat of one of the workers that a test has in its process, which falls silent by itself. */
function partOf(heartbeat: Heartbeat): Heartbeat & { stop(): void } {
  const leases: KeptLease[] = [];
  return {
    keep(owner) {
      const lease = heartbeat.keep(owner);
      leases.push(lease);
      return lease;
    },
    beats: () => heartbeat.beats(),
    isHeard: () => heartbeat.isHeard(),
    isSure: () => heartbeat.isSure(),
    close: async () => {},
    stop() {
      for (const lease of leases) lease.leave();
    },
  };
}

/** Services of graphs that call nothing: reaching for one fails the step. */
const noServices: ConnectedServices = () =>
  new Proxy({} as StepServices, {
    get(_target, name) {
      throw new Error(`the test's graph reached for the service ${String(name)}`);
    },
  });

export async function createEngineHarness(
  graphs: readonly AnyGraph[],
  {
    services = noServices,
    limits = {},
    tenants = loadTenants(),
    budgets = loadBudgets(),
    log = createSilentLog(),
  }: {
    services?: ConnectedServices;
    limits?: Partial<RunLimits>;
    tenants?: TenantsConf;
    budgets?: BudgetsConf;
    log?: Log;
  } = {},
): Promise<EngineHarness> {
  const database = await createTestDatabase("runs", await runsMigrations());
  const registry = createGraphRegistry(graphs);
  const wakeUp = await createNotifiedWakeUp({ sql: database.worker, schema: database.schema, log });
  const heartbeat = await startHeartbeat({
    url: database.urls.worker,
    schema: database.schema,
    stallMs: STALL_MS,
    log,
  });
  const closers: (() => Promise<void>)[] = [];
  const pool = (max: number, applicationName = "test-worker"): Sql =>
    connect({ url: database.urls.worker, schema: database.schema, applicationName, max });
  const pools = (applicationName?: string) => ({
    commits: pool(2, applicationName),
    liveness: pool(1, applicationName),
    projects: pool(2, applicationName),
    general: pool(4, applicationName),
  });
  const starter = createRunStarter(database.request);
  let skippedMs = 0;
  const now = (): Date => new Date(Date.now() + skippedMs);
  // What it has counted gets old when a test skips time, and not on a machine that is slow.
  const admission = createAdmission({ sql: database.request, tenants, now: () => new Date(skippedMs) });
  const rest = {
    graphs: registry,
    services,
    tenants,
    wakeUp,
    mayDelegate: (inner: string, outer: string) => inner === outer,
    limits: { ...readSettings(runLimitSettings, {}), ...limits },
    log,
    now,
  };

  const harness: EngineHarness = {
    database,
    wakeUp,
    admission,
    async start({ graph, ...params }, principal = aPrincipal()) {
      const deps: StartRunDeps = {
        starter,
        graphs: registry,
        admission,
        runBudgets: createRunBudgets({ sql: database.request, conf: budgets }),
        defaultRole: "assistant",
        pickProfile: (who, wanted) =>
          chooseProfile({ choices: {}, profiles: ["scripted"], standard: "scripted", who, wanted }),
        now,
      };
      const run = await startRun(deps, principal, {
        graph,
        input: { text: "hello" },
        idempotencyKey: newId(),
        ...params,
      });
      wakeUp.changed(WORK_WAITS);
      return run;
    },
    async startWorker(slots = 16, owed = new Set(), commitsBy = (commits) => commits, mayClaim = () => true) {
      const sql = pools();
      const own = partOf(heartbeat);
      const given = { sql: { ...sql, commits: commitsBy(sql.commits) }, slots, owed, mayClaim };
      const life = await startIncarnation({ ...rest, ...given, heartbeat: own });
      let gone: Promise<void> | undefined;
      const end = (close: () => Promise<void>): Promise<void> => {
        gone ??= close();
        return gone;
      };
      const endPools = async (): Promise<void> => {
        await Promise.all(Object.values(sql).map((each) => each.end({ timeout: 0 })));
      };
      // With its connections: a test that starts many workers would take those of the tests beside it.
      const close = (): Promise<void> => end(() => life.close().then(endPools));
      closers.push(close);
      const kill = async (): Promise<void> => {
        own.stop();
        await endPools();
        await life.close().catch(() => {});
      };
      return {
        life: { workerId: life.workerId, lost: life.lost, check: () => life.check(), close },
        kill: () => end(kill),
      };
    },
    async startProcess() {
      const name = newId();
      const sql = pools(name);
      const owed = new Set<Incarnation>();
      const process = await liveOn(() => startIncarnation({ sql, slots: 16, owed, ...rest, heartbeat }), log);
      closers.push(async () => {
        await process.close();
        await Promise.all(Object.values(sql).map((each) => each.end({ timeout: 0 })));
      });
      return {
        cut: async () =>
          (
            await database.owner`select pg_terminate_backend(pid) from pg_stat_activity where application_name = ${name}`
          ).length,
      };
    },
    find: (runId, tenant = "acme") =>
      transaction(database.request, { tenant }, async (tx) => (await findRuns(tx, { runIds: [runId] }))[0]),
    history: (runId) =>
      transaction(database.worker, {}, (tx) => readHistory(tx, { runId, afterSeq: 0, limit: 10_000 })),
    finished: (runId) =>
      until(`run ${runId} is finished`, async () => {
        const [run] = await transaction(database.worker, {}, (tx) => findRuns(tx, { runIds: [runId] }));
        return run !== undefined && isFinished(run.status) ? run : undefined;
      }),
    now,
    skip(ms) {
      skippedMs += ms;
    },
    async skipWait(runId, ms) {
      harness.skip(ms);
      await database.owner`update run set available_at = available_at - ${ms} * interval '1 millisecond' where run_id = ${runId} and status in (2, 3)`;
    },
    async close() {
      await Promise.all(closers.map((close) => close()));
      await heartbeat.close();
      await wakeUp.close();
      await database.close();
    },
  };
  return harness;
}
