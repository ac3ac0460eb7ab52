/** What a run's status is called in each place it is written: our table, events, and GraphQL. */
export const RUN_STATUS = {
  READY: { code: 0, event: "queued", graphql: "QUEUED" },
  RUNNING: { code: 1, event: "running", graphql: "RUNNING" },
  PARKED: { code: 2, event: "running", graphql: "RUNNING" },
  WAITING_APPROVAL: { code: 3, event: "waiting_approval", graphql: "WAITING_APPROVAL" },
  PAUSED: { code: 4, event: "paused", graphql: "PAUSED" },
  SUCCEEDED: { code: 10, event: "succeeded", graphql: "SUCCEEDED" },
  FAILED: { code: 11, event: "failed", graphql: "FAILED" },
  CANCELED: { code: 12, event: "canceled", graphql: "CANCELED" },
} as const;

export type RunStatusName = keyof typeof RUN_STATUS;
export type RunStatusGraphql = (typeof RUN_STATUS)[RunStatusName]["graphql"];

const BY_CODE = new Map<number, RunStatusName>(
  Object.entries(RUN_STATUS).map(([name, { code }]) => [code, name as RunStatusName]),
);

export function toRunStatus(code: number): RunStatusName {
  const name = BY_CODE.get(code);
  if (name === undefined) throw new Error(`${code} is not a status of a run`);
  return name;
}

/** True once nothing more can happen to the run. */
export function isFinished(code: number): boolean {
  return code >= RUN_STATUS.SUCCEEDED.code;
}

/** The codes a GraphQL status stands for. */
export function codesOf(status: RunStatusGraphql): number[] {
  return Object.values(RUN_STATUS)
    .filter((entry) => entry.graphql === status)
    .map((entry) => entry.code);
}
