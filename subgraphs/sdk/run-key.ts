import type { RunInfo } from "./node.ts";

/**
 * What the keys of a run's effects begin with: the same over attempts and take-overs, another one after a rollback, so that
 * what is done again is done anew. A step's id is as good where a node makes one call.
 */
export function runKey({ runId, branch }: Pick<RunInfo, "runId" | "branch">): string {
  return branch === 0 ? runId : `${runId}~${branch}`;
}
