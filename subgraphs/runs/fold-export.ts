import type { Json, JsonObject } from "@soma/schemas/json";
import type { ExportedEvent, VerifiedExport } from "@soma/schemas/run-export";
import { isEventKind } from "@soma/schemas/run-history";
import { discoverGraphs } from "./agents/discover-graphs.ts";
import type { HistoryEvent } from "./domain/history.ts";
import { stateAt } from "./engine/execute/state-at.ts";

/** The state of an exported run, folded with the graphs of this build. */
export async function foldExport({ head, events }: VerifiedExport): Promise<Json> {
  const graphs = await discoverGraphs();
  const graph = graphs.find(({ name, version }) => name === head.graph && version === head.graphVersion);
  if (graph === undefined)
    throw new Error(
      `this build has no graph ${head.graph}@${head.graphVersion}; it has ${graphs.map(({ pin }) => pin).join(", ")}`,
    );
  return stateAt(graph, events.flatMap(toHistoryEvent), head.lastSeq);
}

/** None for a kind that is newer than this build: replaying passes over those, too. */
export function toHistoryEvent({ type, ...event }: ExportedEvent): HistoryEvent[] {
  if (!isEventKind(type)) return [];
  const { runId, seq, stepNumber, nodeId, nodeType, attempt, payload, payloadHash, hash } = event;
  return [
    {
      ...{ runId, seq, kind: type, at: new Date(event.at), step: stepNumber ?? 0, node: nodeId, nodeType },
      ...{ attempt: attempt ?? 0, payload: payload as JsonObject, payloadHash, hash },
    },
  ];
}
