import type { RunStatus } from "./generated/graphql.ts";

const FINISHED: readonly RunStatus[] = ["SUCCEEDED", "FAILED", "CANCELED"];

/** True once nothing more can happen to a run. */
export function isFinished(status: RunStatus): boolean {
  return FINISHED.includes(status);
}
