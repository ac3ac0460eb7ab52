import type { Json } from "@soma/schemas/json";
import { SomaError } from "@soma/shared/errors";
import type { RequestContext } from "@soma/shared/graphql/context";
import type { Sql } from "@soma/shared/postgres/connect";
import { getPinnedGraph } from "../commands/get-pinned-graph.ts";
import { planFork } from "../commands/plan-fork.ts";
import type { HistoryEvent } from "../domain/history.ts";
import { pinAt } from "../domain/migrations.ts";
import { diffState, type StateChange } from "../domain/state-diff.ts";
import { stateAt } from "../engine/execute/state-at.ts";
import { type GraphRegistry, pinOf } from "../engine/graphs/graph-registry.ts";
import type { RunRow } from "../store/tables.ts";
import { findRun } from "./find-node.ts";
import type { RunResolvers } from "./generated.ts";
import { loadersOf } from "./loaders.ts";

/** JSON of one state, and of all changes between two. */
const MAX_STATE_BYTES = 1_048_576;
const MAX_CHANGES = 1_000;

/** Fields of a run that are folded from its history. */
export function historyResolvers(deps: {
  sql: Sql;
  graphs: GraphRegistry;
}): Pick<RunResolvers, "forkedFrom" | "stateAt" | "stateDiff" | "forkPlan"> {
  return {
    forkedFrom: async (run, _args, context) => {
      const { forkedFromRunId: id, forkedFromSeq: seq } = run;
      const origin = id === null || seq === null ? null : await findRun(deps.sql, context, id);
      return origin === null || seq === null ? null : { run: origin, seq };
    },
    forkPlan: async ({ runId }, args, context) => ({
      effects: await planFork(deps, context.principal, { ...args, runId }),
    }),
    stateAt: async (run, { seq }, context) => {
      const history = await readFoldable(deps, context, run);
      const at = seq ?? history.newest;
      return { seq: at, state: history.state(at) };
    },
    stateDiff: async (run, { fromSeq, toSeq }, context) => {
      const history = await readFoldable(deps, context, run);
      return checked(run.runId, diffState(history.state(fromSeq), history.state(toSeq)));
    },
  };
}

/** A history that this build can fold. */
async function readFoldable(
  { sql, graphs }: { sql: Sql; graphs: GraphRegistry },
  context: RequestContext,
  run: RunRow,
): Promise<{ newest: number; state(seq: number): Json }> {
  getPinnedGraph(graphs, run);
  const events = await loadersOf(sql, context).record.load(run.runId);
  const head = await loadersOf(sql, context).head.load(run.runId);
  const newest = head?.seq ?? 0;
  return { newest, state: (seq) => foldTo({ run, graphs, events, newest, seq }) };
}

interface Fold {
  run: RunRow;
  graphs: GraphRegistry;
  events: readonly HistoryEvent[];
  newest: number;
  seq: number;
}

function foldTo({ run, graphs, events, newest, seq }: Fold): Json {
  const { runId } = run;
  if (seq < 1 || seq > newest)
    throw new SomaError("BAD_INPUT", `run ${runId} has no event ${seq}; it has 1 to ${newest}`);
  const graph = getPinnedGraph(graphs, run, pinAt(events, seq, pinOf(run)));
  const state = stateAt(graph, events, seq);
  checkSize(`the state of run ${runId} at event ${seq}`, state);
  return state;
}

function checkSize(what: string, value: unknown): void {
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes > MAX_STATE_BYTES)
    throw new SomaError(
      "PAYLOAD_TOO_LARGE",
      `${what} has ${bytes} bytes of JSON; at most ${MAX_STATE_BYTES} are given`,
    );
}

function checked(runId: string, changes: StateChange[]): StateChange[] {
  if (changes.length > MAX_CHANGES)
    throw new SomaError(
      "PAYLOAD_TOO_LARGE",
      `the states of run ${runId} differ in ${changes.length} places; at most ${MAX_CHANGES} are given; compare events that are nearer to each other`,
    );
  checkSize(`what differs between the states of run ${runId}`, changes);
  return changes;
}
