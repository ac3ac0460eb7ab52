/** Kinds of a journal row. The code is what the table holds; the name is the event type clients see. Codes are never used again. */
export const EVENT_KIND = {
  RUN_STARTED: 1,
  RUN_RECOVERED: 2,
  RUN_CANCEL_REQUESTED: 3,
  RUN_SUCCEEDED: 4,
  RUN_FAILED: 5,
  RUN_CANCELED: 6,
  STEP_STARTED: 10,
  STEP_SUCCEEDED: 11,
  STEP_FAILED: 12,
  STEP_DENIED: 13,
  STEP_CANCELED: 14,
  STEP_RETRIED: 15,
  STREAM_START: 20,
  STREAM_DATA: 21,
  STREAM_END: 22,
} as const;

export type EventKind = keyof typeof EVENT_KIND;

const BY_CODE = new Map<number, EventKind>(Object.entries(EVENT_KIND).map(([name, code]) => [code, name as EventKind]));

export function toEventKind(code: number): EventKind {
  const kind = BY_CODE.get(code);
  if (kind === undefined) throw new Error(`${code} is not a kind of journal row`);
  return kind;
}

/** Kinds that end a step. */
export const STEP_ENDS = [
  "STEP_SUCCEEDED",
  "STEP_FAILED",
  "STEP_DENIED",
  "STEP_CANCELED",
] as const satisfies readonly EventKind[];
export type StepEnd = (typeof STEP_ENDS)[number];

export function isStepEnd(kind: EventKind): kind is StepEnd {
  return (STEP_ENDS as readonly EventKind[]).includes(kind);
}
