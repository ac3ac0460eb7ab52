import type { Json } from "@soma/schemas/json";
import type { AnyGraph } from "@soma/sdk/graph";
import { SomaError } from "@soma/shared/errors";
import { type Principal, requireRole } from "@soma/shared/identity/principal";
import { toStorableJson } from "@soma/shared/json";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { checkCheckpoint } from "../domain/checkpoints.ts";
import { checkKept, checkNotErased } from "../domain/custody.ts";
import type { HistoryEvent } from "../domain/history.ts";
import { mergePatch } from "../domain/merge-patch.ts";
import { type EffectChoice, planReturn, type RunEffect } from "../domain/on-return.ts";
import { parseRunInput } from "../domain/run-input.ts";
import type { GraphRegistry } from "../engine/graphs/graph-registry.ts";
import { findLineage } from "../store/find-lineage.ts";
import { lockLineage } from "../store/lock-lineage.ts";
import { readRecord } from "../store/read-record.ts";
import type { RunRow } from "../store/tables.ts";
import { getPinnedGraph } from "./get-pinned-graph.ts";
import { getRun } from "./get-run.ts";

/** Runs whose events one history may hold: reading it looks at each. */
const MAX_LINEAGE = 16;

interface ForkPoint {
  runId: string;
  /** Event to go on from: the start of the run, or the end of a step. */
  atSeq: number;
}

/** What a fork goes on from. */
interface PreparedFork {
  parent: RunRow;
  graph: AnyGraph;
  /** Of the parent, those after the point too. */
  events: readonly HistoryEvent[];
  /** Of the fork. */
  input: HistoryEvent["payload"];
}

/**
 * Steps after an event of a run that had reached outside, or may have, and that a fork from there comes to again; throws what
 * the fork would be refused for.
 */
export function planFork(
  { sql, graphs }: { sql: Sql; graphs: GraphRegistry },
  principal: Principal,
  { input, onReturn, ...point }: ForkPoint & { input?: unknown; onReturn?: readonly EffectChoice[] | null | undefined },
): Promise<RunEffect[]> {
  return transaction(sql, { tenant: principal.tenant }, async (tx) => {
    const { events } = await prepareFork(tx, { graphs }, principal, { ...point, patch: toStorableJson(input ?? {}) });
    return planReturn(events, point.atSeq, onReturn ?? []).effects;
  });
}

/** Reads what a fork goes on from, and keeps it from being erased until the transaction ends. */
export async function prepareFork(
  tx: Tx,
  { graphs }: { graphs: GraphRegistry },
  principal: Principal,
  { runId, atSeq, patch }: ForkPoint & { patch: Json },
): Promise<PreparedFork> {
  const parent = await getRun(tx, { runId });
  requireRole(principal, parent.role);
  checkNotErased(await lockLineage(tx, { runId: parent.runId, strength: "KEY_SHARE" }));
  const graph = getPinnedGraph(graphs, parent);
  const events = await readRecord(tx, { runId: parent.runId });
  checkKept(events.filter(({ seq }) => seq <= atSeq));
  checkCheckpoint(parent.runId, events, atSeq);
  await checkLineage(tx, parent.runId, atSeq);
  const input = parseRunInput(mergePatch(parent.input as HistoryEvent["payload"], patch), graph);
  return { parent, graph, events, input };
}

async function checkLineage(tx: Tx, runId: string, atSeq: number): Promise<void> {
  const lineage = await findLineage(tx, { runId });
  if (lineage.filter(({ afterSeq }) => afterSeq < atSeq).length < MAX_LINEAGE) return;
  throw new SomaError(
    "BAD_INPUT",
    `run ${runId} is a fork of a fork ${MAX_LINEAGE} times over at event ${atSeq}; fork it before the last of them, or start a run anew`,
  );
}
