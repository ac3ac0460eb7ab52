import type { JsonObject } from "@soma/schemas/json";
import { CHAIN_START } from "@soma/schemas/run-chain";
import { chain } from "./chain.ts";
import type { HistoryEvent } from "./history.ts";

/** The event the history of a run begins with. */
export function firstEvent(params: {
  runId: string;
  createdAt: Date;
  graph: string;
  input: JsonObject;
  role: string;
  modelProfile: string;
  sessionId: string;
}): HistoryEvent {
  const { runId, createdAt, graph, input, role, modelProfile, sessionId } = params;
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
