import { connect, type Sql } from "@soma/shared/postgres/connect";
import { isFinished } from "./domain/run-status.ts";
import { type Judgement, judgeRun, type Verdict } from "./engine/deploys/judge-run.ts";
import { type GraphRegistry, pinOf } from "./engine/graphs/graph-registry.ts";
import { type HistoryRow, toEvents } from "./store/history-columns.ts";
import { listStandingRuns } from "./store/list-standing-runs.ts";
import { readJournals } from "./store/read-journals.ts";
import type { StandingRun } from "./store/standing-runs.ts";

const AT_ONCE = 200;
const LAST = "ffffffff-ffff-ffff-ffff-ffffffffffff";
/** Of each verdict so many runs are named. */
const MAX_NAMED = 100;

/** A run that is not safe. */
interface NamedRun extends Judgement {
  runId: string;
  graph: string;
}

export interface LiveReport {
  journals: number;
  open: number;
  events: number;
  /**
   * How many runs of each graph (name@version#hash) came to each verdict; those that nothing of this build is for are
   * OVER.
   */
  graphs: Record<string, Partial<Record<Verdict | "OVER", number>>>;
  /** The first of those that are not safe, at most 100 of each verdict. */
  runs: NamedRun[];
}

export interface ReplayLiveParams {
  /** A database of runs, as the role of workers. Nothing is written. */
  url: string;
  schema: string;
  graphs: GraphRegistry;
  /** Journals at most: of runs that have not ended first, then of those that began last. */
  limit: number;
}

/**
 * Replays journals of a product with the graphs of this build, and tells what would become of their runs. Executes
 * nothing.
 */
export async function replayLive({ url, schema, graphs, limit }: ReplayLiveParams): Promise<LiveReport> {
  const parameters = { default_transaction_read_only: "on" };
  // One reads journals, and the other what is kept beside them.
  const sql = connect({ url, schema, applicationName: "soma-replay", max: 2, statementTimeoutMs: 0, parameters });
  try {
    const report: LiveReport = { journals: 0, open: 0, events: 0, graphs: {}, runs: [] };
    for await (const { run, rows } of readAll(sql, limit))
      note(report, run, await judge(sql, graphs, { run, rows }), rows.length);
    return report;
  } finally {
    await sql.end({ timeout: 2 });
  }
}

interface JournalOfRun {
  run: StandingRun;
  rows: HistoryRow[];
}

async function* readAll(sql: Sql, limit: number): AsyncGenerator<JournalOfRun> {
  let left = limit;
  for (const isOpen of [true, false]) {
    let beforeRunId = LAST;
    while (left > 0) {
      const runs = await listStandingRuns(sql, { isOpen, beforeRunId, limit: Math.min(AT_ONCE, left) });
      const last = runs.at(-1);
      if (last === undefined) break;
      const byId = new Map(runs.map((run) => [run.runId, run]));
      for await (const { runId, rows } of readJournals(sql, { runIds: [...byId.keys()] })) {
        const run = byId.get(runId);
        if (run !== undefined) yield { run, rows };
      }
      beforeRunId = last.runId;
      left -= runs.length;
    }
  }
}

/** A kind of event that a newer build wrote is one with which this one cannot go on. */
async function judge(sql: Sql, graphs: GraphRegistry, { run, rows }: JournalOfRun): Promise<Judgement | undefined> {
  const isOver = isFinished(run.status);
  try {
    return judgeRun(graphs, { pin: pinOf(run), isOver, run, events: await toEvents(sql, rows) });
  } catch (error) {
    if (isOver) return undefined;
    const why = error instanceof Error ? error.message : String(error);
    return { verdict: "DIVERGES", seq: rows.at(-1)?.seq ?? 0, node: null, why };
  }
}

function note(report: LiveReport, run: StandingRun, judged: Judgement | undefined, events: number): void {
  const graph = pinOf(run);
  const verdict = judged?.verdict ?? "OVER";
  report.journals += 1;
  report.events += events;
  if (!isFinished(run.status)) report.open += 1;
  report.graphs[graph] ??= {};
  const counts = report.graphs[graph];
  counts[verdict] = (counts[verdict] ?? 0) + 1;
  if (judged === undefined || judged.verdict === "SAFE") return;
  const named = report.runs.filter((known) => known.verdict === judged.verdict).length;
  if (named < MAX_NAMED) report.runs.push({ runId: run.runId, graph, ...judged });
}
