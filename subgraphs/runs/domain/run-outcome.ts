import { isFinished, RUN_STATUS, toRunStatus } from "./run-status.ts";

/** Tool calls of a run that did not end well, and answers of its model that were cut. */
export interface CallCounts {
  failed: number;
  denied: number;
  cut: number;
}

export const NO_BAD_CALLS: CallCounts = { failed: 0, denied: 0, cut: 0 };

/** What an outcome is called in each place it is written: GraphQL, and events. */
export const RUN_OUTCOME = {
  FAILED: "failed",
  CANCELED: "canceled",
  INCOMPLETE: "incomplete",
  WITH_FAILURES: "with_failures",
  WITH_DENIALS: "with_denials",
  OK: "ok",
} as const;

export type RunOutcomeKind = keyof typeof RUN_OUTCOME;

/** How a run of this status went; undefined while it goes on. */
export function outcomeOf(statusCode: number, { failed, denied, cut }: CallCounts): RunOutcomeKind | undefined {
  if (!isFinished(statusCode)) return undefined;
  const status = toRunStatus(statusCode);
  if (status === "FAILED" || status === "CANCELED") return status;
  if (cut > 0) return "INCOMPLETE";
  if (failed > 0) return "WITH_FAILURES";
  return denied > 0 ? "WITH_DENIALS" : "OK";
}

/** The codes of the statuses in which a run may have gone so. */
export function codesOfOutcomes(kinds: readonly RunOutcomeKind[]): number[] {
  const names = kinds.map((kind) => (kind === "FAILED" || kind === "CANCELED" ? kind : "SUCCEEDED"));
  return [...new Set(names.map((name) => RUN_STATUS[name].code))];
}
