import { useContext, useEffect, useRef } from "react";
import { RunLogsContext } from "./use-run-log.ts";

/** Asks again on a beat, if it has one, when the page comes back into view, and when a run on this page changes its status. */
export function useRefresh(refresh: () => void, everyMs: number | undefined): void {
  const logs = useContext(RunLogsContext);
  // Another one at each render, which knows what the first did not.
  const newest = useRef(refresh);
  useEffect(() => {
    newest.current = refresh;
  });
  useEffect(() => {
    const ask = (): void => {
      if (document.visibilityState === "visible") newest.current();
    };
    const timer = everyMs === undefined ? undefined : setInterval(ask, everyMs);
    const stop = logs.onStatus(ask);
    document.addEventListener("visibilitychange", ask);
    return () => {
      clearInterval(timer);
      stop();
      document.removeEventListener("visibilitychange", ask);
    };
  }, [logs, everyMs]);
}
