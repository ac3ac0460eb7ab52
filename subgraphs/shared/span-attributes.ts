/**
 * Attributes of spans by names of our own, which no convention has; those of calls to models and tools stand in
 * subgraphs/runs/models/telemetry/gen-ai.ts.
 */
export const SPAN = {
  run: "durable.run.id",
  /** How often the run was taken over from a lost worker so far. */
  recoveries: "durable.recoveries",
  /** Number of the step in its run, and its node with the branches it is in. */
  step: "durable.step",
  node: "durable.node",
  /** Which try of the step it is, from 1. */
  attempt: "durable.attempt",
  tenant: "soma.tenant",
  request: "soma.request_id",
  eventId: "soma.event_id",
  invocation: "soma.invocation_id",
  /** Which try of the invocation it is, from 1. */
  invocationAttempt: "soma.attempt",
} as const;
