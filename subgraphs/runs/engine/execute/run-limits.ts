import { integer } from "@soma/shared/config";

/** What one run may take. */
export const runLimitSettings = {
  maxSteps: integer({
    env: "SOMA_RUN_MAX_STEPS",
    doc: "steps of one run, so that a graph without an end comes to one",
    default: 10_000,
    min: 1,
    max: 1_000_000,
  }),
  maxBranches: integer({
    env: "SOMA_RUN_MAX_BRANCHES",
    doc: "branches of one step",
    default: 1_000,
    min: 1,
    max: 100_000,
  }),
  maxDepth: integer({
    env: "SOMA_RUN_MAX_DEPTH",
    doc: "graphs within each other in one run, its own included",
    default: 8,
    min: 1,
    max: 64,
  }),
  maxStateBytes: integer({
    env: "SOMA_RUN_MAX_STATE_BYTES",
    doc: "bytes that the state of one graph of a run may have as JSON",
    default: 4_194_304,
    min: 1_024,
    max: 67_108_864,
  }),
  maxParents: integer({
    env: "SOMA_RUN_MAX_PARENTS",
    doc: "runs that may be above one in its tree: those that started it, one by another",
    default: 8,
    min: 0,
    max: 100,
  }),
  maxChildren: integer({
    env: "SOMA_RUN_MAX_CHILDREN",
    doc: "runs one run may start in all, with those that they start",
    default: 1_000,
    min: 0,
    max: 100_000,
  }),
};

export type RunLimits = Readonly<Record<keyof typeof runLimitSettings, number>>;
