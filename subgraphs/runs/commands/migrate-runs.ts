import type { JsonObject } from "@soma/schemas/json";
import { toSomaError } from "@soma/shared/errors";
import type { Log } from "@soma/shared/log";
import { counter } from "@soma/shared/metrics";
import type { Sql } from "@soma/shared/postgres/connect";
import { runEvent } from "../domain/run-event.ts";
import { findSuccessor, pinsTakenOver, planTakeOver } from "../engine/deploys/plan-take-over.ts";
import { type GraphRegistry, pinOf } from "../engine/graphs/graph-registry.ts";
import { appendMigration } from "../store/append-migration.ts";
import { listRunsOfPins } from "../store/list-runs-of-pins.ts";
import { readHistory } from "../store/read-history.ts";
import type { StandingRun } from "../store/standing-runs.ts";

const AT_ONCE = 100;
const PAGE = 2_000;
/** Runs that stay with their own graph, and are not looked at again before somebody had them; more are looked at each time round. */
const MAX_REFUSED = 10_000;
const FIRST = "00000000-0000-0000-0000-000000000000";

const migrated = counter("soma_runs_migrated_total", "Runs that went on with another version of their graph", [
  "graph",
]);

export interface MigrateRunsDeps {
  /** A pool of the worker role. */
  sql: Sql;
  graphs: GraphRegistry;
  log: Log;
  now(): Date;
  /** Called for each run that another graph has taken over. */
  onMigrated(runId: string): void;
}

/**
 * Looks for runs that nobody has and that wait for a graph which this build does not have, but whose runs another one takes over.
 * Each call looks at some of them, and gives true when there are more.
 */
export function createMigrations(deps: MigrateRunsDeps): () => Promise<boolean> {
  const refused = new Set<string>();
  let known = "";
  let afterRunId = FIRST;

  async function tryOne(run: StandingRun): Promise<void> {
    const mark = `${run.runId}:${run.epoch}`;
    if (refused.has(mark)) return;
    const facts = { run_id: run.runId, graph: pinOf(run) };
    try {
      const why = await migrateRun(deps, run);
      if (why === undefined) return;
      deps.log.warn({ ...facts, why }, "a run stays with its own graph, and waits for it");
    } catch (error) {
      // One that cannot be read, or is away for a moment, keeps none of those after it from going on.
      if (toSomaError(error).retryable) throw error;
      deps.log.error({ ...facts, err: error }, "a run could not be looked at, and stays with its own graph");
    }
    if (refused.size < MAX_REFUSED) refused.add(mark);
  }

  return async () => {
    const pins = pinsTakenOver(deps.graphs);
    const all = `${pins} ${deps.graphs.pins()}`;
    if (all !== known) refused.clear();
    known = all;
    if (pins.length === 0) return false;
    const runs = await listRunsOfPins(deps.sql, { pins, afterRunId, limit: AT_ONCE });
    for (const run of runs) await tryOne(run);
    const last = runs.length < AT_ONCE ? undefined : runs.at(-1);
    afterRunId = last?.runId ?? FIRST;
    // With more of them than are remembered, each round takes its pause, or they would be looked at all the time.
    return last !== undefined && refused.size < MAX_REFUSED;
  };
}

/** Gives why a run stays with its own graph; undefined when it is migrated, or somebody had it meanwhile. */
async function migrateRun(
  { sql, graphs, now, onMigrated }: MigrateRunsDeps,
  run: StandingRun,
): Promise<string | undefined> {
  const { runId, epoch } = run;
  const to = findSuccessor(graphs, pinOf(run));
  if (to === undefined) return undefined;
  const events = [];
  for (let more = true; more; ) {
    const page = await readHistory(sql, { runId, afterSeq: events.at(-1)?.seq ?? 0, limit: PAGE });
    events.push(...page);
    more = page.length === PAGE;
  }
  const plan = planTakeOver(to, pinOf(run), { events, run });
  if ("waits" in plan) return `at event ${plan.waits.seq}: ${plan.waits.why}`;
  const head = events.at(-1);
  if (head === undefined) return undefined;
  const event = runEvent(head, {
    runId,
    at: now(),
    kind: "RUN_MIGRATED",
    payload: plan.payload as unknown as JsonObject,
  });
  if (!(await appendMigration(sql, { event, epoch, to }))) return undefined;
  migrated.inc({ graph: to.name });
  onMigrated(runId);
  return undefined;
}
