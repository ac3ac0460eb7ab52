/** What a tool may do when its outcome is lost: run again; run again under the same key; never run again. */
export type Effect = "pure" | "idempotent" | "at_most_once";

/** Where a tool runs: in the tools process, or in a child process with a clean environment. */
export type Isolation = "none" | "process";

export type Risk = "low" | "medium" | "high";
