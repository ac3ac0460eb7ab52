import { useContext, useEffect } from "react";
import { RunLogsContext } from "./use-run-log.ts";

/** Asks again on a beat, when the page comes back into view, and when a run on this page changes its status. */
export function useRefresh(refresh: () => void, everyMs: number): void {
  const logs = useContext(RunLogsContext);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the function is another one at each render and does the same
  useEffect(() => {
    const ask = (): void => {
      if (document.visibilityState === "visible") refresh();
    };
    const timer = setInterval(ask, everyMs);
    const stop = logs.onStatus(ask);
    document.addEventListener("visibilitychange", ask);
    return () => {
      clearInterval(timer);
      stop();
      document.removeEventListener("visibilitychange", ask);
    };
  }, [logs, everyMs]);
}
