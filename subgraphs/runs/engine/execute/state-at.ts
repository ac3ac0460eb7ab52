import type { Json } from "@soma/schemas/json";
import type { AnyGraph } from "@soma/sdk/graph";
import type { HistoryEvent } from "../../domain/history.ts";
import { effectiveEvents } from "../../domain/rollback.ts";
import { replay } from "./replay.ts";

/** The state that a history had come to with one of its events, as it was then: a rollback that came later changes nothing of it. */
export function stateAt(graph: AnyGraph, events: readonly HistoryEvent[], seq: number): Json {
  return replay(graph, effectiveEvents(events.filter((event) => event.seq <= seq))).root.state as Json;
}
