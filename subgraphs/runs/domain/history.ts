import type { JsonObject } from "@soma/schemas/json";
import type { EventKind } from "@soma/schemas/run-history";

/** One row of a run's history, as the engine and the API use it. */
export interface HistoryEvent {
  runId: string;
  seq: number;
  at: Date;
  kind: EventKind;
  /** Number of the step from 1; 0 for events of the run itself. */
  step: number;
  node: string | null;
  nodeType: string | null;
  attempt: number;
  /** Read through `payloadOf` of @soma/schemas/run-history. */
  payload: JsonObject;
  payloadHash: string;
  hash: string;
}

const RUN_ENDS: ReadonlySet<EventKind> = new Set(["RUN_SUCCEEDED", "RUN_FAILED", "RUN_CANCELED"]);

/** Whether nothing follows an event. */
export function isRunEnd({ kind }: Pick<HistoryEvent, "kind">): boolean {
  return RUN_ENDS.has(kind);
}

export function stepIdOf(runId: string, step: number): string {
  return `${runId}.${step}`;
}

const STEP_ID = /^([0-9a-f-]{36})\.([1-9][0-9]{0,8})$/;

export function parseStepId(id: string): { runId: string; step: number } | undefined {
  const [, runId, step] = STEP_ID.exec(id) ?? [];
  return runId === undefined || step === undefined ? undefined : { runId, step: Number(step) };
}
