import type { RunStatus } from "@soma/graphql/operations";
import { createContext, useCallback, useContext, useSyncExternalStore } from "react";
import type { RunLogSnapshot } from "./run-log.ts";
import type { RunLogs } from "./run-logs.ts";
import { newerStatus } from "./view.ts";

const NO_LOGS: RunLogs = { peek: () => undefined, watch: () => () => {}, onStatus: () => () => {} };

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
