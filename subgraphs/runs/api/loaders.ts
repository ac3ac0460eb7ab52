import type { RequestContext } from "@soma/shared/graphql/context";
import { createPageLoader } from "@soma/shared/graphql/page-loader";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import DataLoader from "dataloader";
import { type HistoryEvent, stepIdOf } from "../domain/history.ts";
import type { CallCounts } from "../domain/run-outcome.ts";
import type { Used } from "../domain/spending.ts";
import { type Step, toSteps } from "../domain/steps.ts";
import { countBadCalls } from "../store/count-bad-calls.ts";
import { findErasures } from "../store/find-erasures.ts";
import { findRuns } from "../store/find-runs.ts";
import { findSessions } from "../store/find-sessions.ts";
import { findStepEvents, type StepPlace } from "../store/find-step-events.ts";
import { listChildren } from "../store/list-children.ts";
import { listEarlierRuns } from "../store/list-earlier-runs.ts";
import { listForksOf } from "../store/list-forks-of.ts";
import { listHolds } from "../store/list-holds.ts";
import { listOpenQuestions, type OpenQuestion } from "../store/list-open-questions.ts";
import { listRuns } from "../store/list-runs.ts";
import { listStepEvents } from "../store/list-step-events.ts";
import { type Head, readHeads } from "../store/read-heads.ts";
import { readRecord } from "../store/read-record.ts";
import { sumSessionUsage } from "../store/sum-session-usage.ts";
import { sumUsage } from "../store/sum-usage.ts";
import type { ErasureRow, HoldRow, RunRow, SessionRow } from "../store/tables.ts";

/** As the schema says it. */
const MAX_CHILDREN = 100;
const MAX_QUESTIONS = 20;
const MAX_HOLDS = 100;
const MAX_FORKS = 20;
const MAX_EARLIER = 50;

export interface Loaders {
  /** Runs of each session, newest first. */
  runsOfSession: ReturnType<typeof createPageLoader<string, RunRow>>;
  run: DataLoader<string, RunRow | undefined>;
  session: DataLoader<string, SessionRow | undefined>;
  head: DataLoader<string, Head | undefined>;
  /** All of a run's history but what was streamed. */
  record: DataLoader<string, HistoryEvent[]>;
  /** All steps of a run. */
  steps: DataLoader<string, Step[]>;
  step: DataLoader<StepPlace, Step | undefined>;
  /** The first of the runs that each run has started. */
  children: DataLoader<string, RunRow[]>;
  /** The newest of the runs that go on from events of each. */
  forks: DataLoader<string, RunRow[]>;
  /** Runs that were before each session, in those that it goes on from. */
  earlierRuns: DataLoader<string, RunRow[]>;
  /** Questions of each run that wait for a person. */
  openQuestions: DataLoader<string, OpenQuestion[]>;
  /** What keeps each run, and what did. */
  holds: DataLoader<string, HoldRow[]>;
  /** Undefined for a run that has its contents, or was erased with the one that started it. */
  erasure: DataLoader<string, ErasureRow | undefined>;
  /** Undefined for a run without any. */
  badCalls: DataLoader<string, CallCounts | undefined>;
  /** Undefined for a run that made no call. */
  usage: DataLoader<string, Used | undefined>;
  /** Undefined for a session whose runs made none. */
  sessionUsage: DataLoader<string, Used | undefined>;
}

/** One set per request: rows asked for by id in one tick come with one statement. */
export function loadersOf(sql: Sql, context: RequestContext): Loaders {
  const { tenant } = context.principal;
  return context.once(loadersOf, () => ({
    runsOfSession: createPageLoader<string, RunRow>({
      sql,
      tenant,
      async list(tx, { owners, after, before, backward, limit }) {
        const page = { olderThan: after, newerThan: before, oldestFirst: backward, limit };
        const rows: RunRow[] = [];
        for (const sessionId of new Set(owners)) rows.push(...(await listRuns(tx, { tenant, sessionId, ...page })));
        return rows;
      },
      ownerOf: (row) => row.sessionId,
    }),
    run: byId(
      (ids) => transaction(sql, { tenant }, (tx) => findRuns(tx, { runIds: ids })),
      (row) => row.runId,
    ),
    session: byId(
      (ids) => transaction(sql, { tenant }, (tx) => findSessions(tx, { sessionIds: ids })),
      (row) => row.sessionId,
    ),
    holds: new DataLoader<string, HoldRow[]>(async (runIds) => {
      const rows = await transaction(sql, { tenant }, (tx) => listHolds(tx, { tenant, runIds, limit: MAX_HOLDS }));
      const byRun = Map.groupBy(rows, ({ runId }) => runId);
      return runIds.map((runId) => byRun.get(runId) ?? []);
    }),
    erasure: byId(
      (ids) => transaction(sql, { tenant }, (tx) => findErasures(tx, { tenant, runIds: ids })),
      (row) => row.runId,
    ),
    head: new DataLoader<string, Head | undefined>(async (ids) => {
      const heads = await transaction(sql, { tenant }, (tx) => readHeads(tx, { runIds: ids }));
      return ids.map((id) => heads.get(id));
    }),
    badCalls: new DataLoader<string, CallCounts | undefined>(async (ids) => {
      const counts = await transaction(sql, { tenant }, (tx) => countBadCalls(tx, { runIds: ids }));
      return ids.map((id) => counts.get(id));
    }),
    usage: byId(
      (ids) => transaction(sql, { tenant }, (tx) => sumUsage(tx, { tenant, runIds: ids })),
      (row) => row.runId,
    ),
    sessionUsage: byId(
      (ids) => transaction(sql, { tenant }, (tx) => sumSessionUsage(tx, { tenant, sessionIds: ids })),
      (row) => row.sessionId,
    ),
    record: new DataLoader<string, HistoryEvent[]>((runIds) =>
      transaction(sql, { tenant }, async (tx) => {
        const records: HistoryEvent[][] = [];
        for (const runId of runIds) records.push(await readRecord(tx, { runId }));
        return records;
      }),
    ),
    children: new DataLoader<string, RunRow[]>(async (runIds) => {
      const rows = await transaction(sql, { tenant }, (tx) => listChildren(tx, { runIds, limit: MAX_CHILDREN }));
      const byParent = Map.groupBy(rows, ({ parentRunId }) => parentRunId);
      return runIds.map((runId) => byParent.get(runId) ?? []);
    }),
    forks: new DataLoader<string, RunRow[]>(async (runIds) => {
      const rows = await transaction(sql, { tenant }, (tx) => listForksOf(tx, { tenant, runIds, limit: MAX_FORKS }));
      const byOrigin = Map.groupBy(rows, ({ forkedFromRunId }) => forkedFromRunId);
      return runIds.map((runId) => byOrigin.get(runId) ?? []);
    }),
    earlierRuns: new DataLoader<string, RunRow[]>(async (sessionIds) => {
      const earlier = { tenant, sessionIds, limit: MAX_EARLIER };
      const bySession = await transaction(sql, { tenant }, (tx) => listEarlierRuns(tx, earlier));
      return sessionIds.map((sessionId) => bySession.get(sessionId) ?? []);
    }),
    openQuestions: new DataLoader<string, OpenQuestion[]>(async (runIds) => {
      const rows = await transaction(sql, { tenant }, (tx) => listOpenQuestions(tx, { runIds }));
      const byRun = Map.groupBy(rows, ({ runId }) => runId);
      return runIds.map((runId) => (byRun.get(runId) ?? []).slice(0, MAX_QUESTIONS));
    }),
    steps: new DataLoader<string, Step[]>(async (runIds) => {
      const byRun = await transaction(sql, { tenant }, (tx) => listStepEvents(tx, { runIds }));
      return runIds.map((runId) => toSteps(byRun.get(runId) ?? []));
    }),
    // A subscription's context lives as long as its socket: what is loaded must be today's, and is not kept.
    step: new DataLoader<StepPlace, Step | undefined>(
      async (places) => {
        const events = await transaction(sql, { tenant }, (tx) => findStepEvents(tx, { places }));
        const byRun = Map.groupBy(events, ({ runId }) => runId);
        const steps = new Map([...byRun.values()].flatMap(toSteps).map((step) => [step.id, step]));
        return places.map(({ runId, step }) => steps.get(stepIdOf(runId, step)));
      },
      { cache: false },
    ),
  }));
}

function byId<T>(
  read: (ids: readonly string[]) => Promise<T[]>,
  idOf: (row: T) => string,
): DataLoader<string, T | undefined> {
  return new DataLoader(async (ids) => {
    const rows = new Map((await read(ids)).map((row) => [idOf(row), row]));
    return ids.map((id) => rows.get(id));
  });
}
