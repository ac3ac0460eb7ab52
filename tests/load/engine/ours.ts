import { loadBudgets } from "@soma/conf/budgets";
import { loadTenants } from "@soma/conf/tenants";
import { type AnyGraph, graph, replaced } from "@soma/sdk/graph";
import type { StepServices } from "@soma/sdk/services";
import { createLocalBus } from "@soma/shared/bus/local-bus";
import { readSettings } from "@soma/shared/config";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import { startRelay } from "@soma/shared/outbox/relay";
import { connect, type Sql } from "@soma/shared/postgres/connect";
import { createNotifiedWakeUp } from "@soma/shared/postgres/notified-wake-up";
import { createTestDatabase } from "@soma/shared/testing/database";
import { aPrincipal } from "@soma/shared/testing/principals";
import { createAdmission } from "../../../subgraphs/runs/commands/admission.ts";
import { createRunBudgets } from "../../../subgraphs/runs/commands/run-budgets.ts";
import { createRunStarter } from "../../../subgraphs/runs/commands/run-starter.ts";
import { startRun } from "../../../subgraphs/runs/commands/start-run.ts";
import { WORK_WAITS } from "../../../subgraphs/runs/domain/hints.ts";
import { runLimitSettings } from "../../../subgraphs/runs/engine/execute/run-limits.ts";
import { createGraphRegistry } from "../../../subgraphs/runs/engine/graphs/graph-registry.ts";
import { createJournalSource } from "../../../subgraphs/runs/engine/journal/journal-source.ts";
import { startHeartbeat } from "../../../subgraphs/runs/engine/worker/heartbeat.ts";
import { startIncarnation } from "../../../subgraphs/runs/engine/worker/incarnation.ts";
import { runsMigrations } from "../../../subgraphs/runs/migrate.ts";
import { type Contender, PAYLOAD, STEPS } from "./contender.ts";

/**
 * Durable events of a run after its first: where a step has effects its start is one of its own; and the end of the
 * run.
 */
const EVENTS = { effect: 2 * STEPS + 1, pure: STEPS + 1 };

/** A run that fails has other events than those that are waited for. */
const LIMIT_MS = 60_000;

/**
 * The engine as a process of the product runs it: one life of a worker, the relay of events, starts of the request
 * role.
 */
export async function startOurs(kind: keyof typeof EVENTS): Promise<Contender> {
  const database = await createTestDatabase("load", await runsMigrations());
  const log = createSilentLog();
  const pools: Sql[] = [];
  const pool = (role: "request" | "worker", max: number, parameters: Record<string, string> = {}): Sql => {
    const sql = connect({
      url: database.urls[role],
      schema: database.schema,
      applicationName: `load-${role}`,
      max,
      parameters,
    });
    pools.push(sql);
    return sql;
  };
  // As in subgraphs/runs/worker.ts.
  const sql = {
    commits: pool("worker", 2, { plan_cache_mode: "force_generic_plan", lock_timeout: "2000" }),
    liveness: pool("worker", 1),
    projects: pool("worker", 4, { lock_timeout: "2000" }),
    general: pool("worker", 8),
  };
  const { urls, schema } = database;
  const heartbeat = await startHeartbeat({ url: urls.worker, schema, stallMs: LIMIT_MS, log });
  const wakeUp = await createNotifiedWakeUp({ sql: sql.general, schema: database.schema, log });
  const ends = createEnds(EVENTS[kind]);
  const heard = {
    ...wakeUp,
    changed(name: string) {
      wakeUp.changed(name);
      if (name !== WORK_WAITS) ends.durable(name);
    },
  };
  const graphs = createGraphRegistry([tenSteps(kind)]);
  const relay = startRelay({
    source: createJournalSource(sql.general, { currency: "USD", wakeUp }),
    schema: database.schema,
    bus: createLocalBus(),
    log,
  });
  const tenants = loadTenants();
  const request = pool("request", 10);
  const now = (): Date => new Date();
  const worker = await startIncarnation({
    sql,
    heartbeat,
    graphs,
    services: () => ({}) as StepServices,
    wakeUp: heard,
    mayDelegate: () => false,
    limits: readSettings(runLimitSettings, {}),
    slots: 288,
    tenants,
    log,
    now,
  });
  const deps = {
    starter: createRunStarter(request),
    graphs,
    admission: createAdmission({ sql: request, tenants, now }),
    runBudgets: createRunBudgets({ sql: request, conf: loadBudgets() }),
    defaultRole: "assistant",
    pickProfile: () => "scripted",
    now,
  };
  const principal = aPrincipal();
  return {
    async run() {
      const { runId } = await startRun(deps, principal, {
        graph: "ten",
        input: { text: "load" },
        idempotencyKey: newId(),
      });
      wakeUp.changed(WORK_WAITS);
      await ends.of(runId);
    },
    async close() {
      await worker.close();
      await heartbeat.close();
      await relay.close();
      await wakeUp.close();
      await Promise.all(pools.map((each) => each.end({ timeout: 2 })));
      await database.close();
    },
  };
}

function tenSteps(kind: keyof typeof EVENTS): AnyGraph {
  const building = graph("ten", 1, { kept: replaced("") });
  for (let i = 1; i <= STEPS; i += 1) {
    building.node(`step${i}`, {
      type: "tool",
      pure: kind === "pure",
      run: () => ({ summary: "done", patch: { kept: PAYLOAD } }),
    });
    if (i > 1) building.edge(`step${i - 1}`, `step${i}`);
  }
  return building.build(() => "done");
}

/** Who waits for the last event of a run; events may become durable before anybody does. */
function createEnds(events: number) {
  const runs = new Map<string, { left: number; ended: PromiseWithResolvers<void> }>();
  const of = (runId: string) => {
    const known = runs.get(runId);
    if (known !== undefined) return known;
    const run = { left: events, ended: Promise.withResolvers<void>() };
    runs.set(runId, run);
    return run;
  };
  return {
    durable(runId: string) {
      const run = of(runId);
      run.left -= 1;
      if (run.left === 0) run.ended.resolve();
    },
    async of(runId: string) {
      const { ended } = of(runId);
      const late = setTimeout(
        () => ended.reject(new Error(`run ${runId} did not end within ${LIMIT_MS} ms`)),
        LIMIT_MS,
      );
      await ended.promise.finally(() => clearTimeout(late));
      runs.delete(runId);
    },
  };
}
