import type { JsonObject } from "@soma/schemas/json";
import { CHAIN_START } from "@soma/schemas/run-chain";
import { chain } from "./chain.ts";
import type { HistoryEvent } from "./history.ts";

/** What of a run its first event tells. */
export interface BegunRun {
  runId: string;
  createdAt: Date;
  graph: string;
  input: JsonObject;
  role: string;
  modelProfile: string;
  sessionId: string;
}

/** The event a run begins with. Its row tells all of it, so that whoever has the row knows the event. */
export function firstEvent({ runId, createdAt, graph, input, role, modelProfile, sessionId }: BegunRun): HistoryEvent {
  return chain(CHAIN_START, {
    runId,
    seq: 1,
    at: createdAt,
    kind: "RUN_STARTED",
    step: 0,
    node: null,
    nodeType: null,
    attempt: 0,
    payload: { graph, input, role, modelProfile, sessionId },
  });
}
