import { useContext, useEffect, useRef } from "react";
import { RunLogsContext } from "./use-run-log.ts";

interface Answer {
  fetching: boolean;
  stale: boolean;
}

/**
 * Asks again on a beat, if it has one, when the page comes back into view, and when a run on this page changes its
 * status. The beat passes over while an answer is on its way: asking again gives that up, so that a server slower than
 * the beat would never be heard, nor what is wrong with it.
 */
export function useRefresh({ fetching, stale }: Answer, refresh: () => void, everyMs: number | undefined): void {
  const logs = useContext(RunLogsContext);
  // Another one at each render, which knows what the first did not.
  const newest = useRef({ refresh, isAsked: false });
  useEffect(() => {
    newest.current = { refresh, isAsked: fetching || stale };
  });
  useEffect(() => {
    const ask = (): void => {
      if (document.visibilityState === "visible") newest.current.refresh();
    };
    const beat = (): void => {
      if (!newest.current.isAsked) ask();
    };
    const timer = everyMs === undefined ? undefined : setInterval(beat, everyMs);
    const stop = logs.onStatus(ask);
    document.addEventListener("visibilitychange", ask);
    return () => {
      clearInterval(timer);
      stop();
      document.removeEventListener("visibilitychange", ask);
    };
  }, [logs, everyMs]);
}
