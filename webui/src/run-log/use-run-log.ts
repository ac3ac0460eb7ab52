import type { RunStatus, RunSummaryFragment } from "@soma/graphql/operations";
import { createContext, useCallback, useContext, useSyncExternalStore } from "react";
import type { RunLogSnapshot } from "./run-log.ts";
import type { RunLogs } from "./run-logs.ts";
import { type BadCalls, newerBadCalls, newerStatus } from "./view.ts";

const NO_LOGS: RunLogs = {
  peek: () => undefined,
  watch: () => () => {},
  retryNow: () => {},
  onStatus: () => () => {},
};

export const RunLogsContext = createContext<RunLogs>(NO_LOGS);

/** Follows a run while the component is on the page; undefined without a run id, or before the first look. */
export function useRunLog(runId: string | undefined): RunLogSnapshot | undefined {
  const logs = useContext(RunLogsContext);
  const subscribe = useCallback(
    (notify: () => void) => (runId === undefined ? () => {} : logs.watch(runId, notify)),
    [logs, runId],
  );
  const peek = (): RunLogSnapshot | undefined => (runId === undefined ? undefined : logs.peek(runId));
  return useSyncExternalStore(subscribe, peek, peek);
}

/**
 * Status of a run: what its events say when this page follows them, else what the list said. List and detail then
 * agree.
 */
export function useStatus(runId: string, listed: RunStatus): RunStatus {
  const logs = useContext(RunLogsContext);
  const subscribe = useCallback((notify: () => void) => logs.onStatus((id) => id === runId && notify()), [logs, runId]);
  const peek = (): RunStatus => newerStatus(listed, logs.peek(runId)?.view);
  return useSyncExternalStore(subscribe, peek, peek);
}

/** The same, with the tool calls that did not end well: a status alone does not tell how a run went. */
export function useOutcome({ id, status: listed, outcome }: Pick<RunSummaryFragment, "id" | "status" | "outcome">): {
  status: RunStatus;
  badCalls: BadCalls;
} {
  const logs = useContext(RunLogsContext);
  // A status is told after everything that came before it, so what the log counts is whole by then.
  const status = useStatus(id, listed);
  return { status, badCalls: newerBadCalls(outcome, logs.peek(id)?.view) };
}
