import type { RunSummaryFragment } from "@soma/graphql/operations";
import { useCallback, useRef, useState } from "react";

export interface Chosen {
  ids: ReadonlySet<string>;
  /** Each as it was listed last. */
  runs: readonly RunSummaryFragment[];
  /** So many of them are not among those that are shown: they are on another page, or a filter lets them in no longer. */
  away: number;
  choose(runIds: readonly string[], isChosen: boolean): void;
  clear(): void;
}

const NONE: ReadonlySet<string> = new Set();

/** What is chosen among the runs that are shown, and stays so when others are. */
export function useChosen(rows: readonly RunSummaryFragment[] = []): Chosen {
  const [ids, setIds] = useState(NONE);
  const listed = useRef<ReadonlyMap<string, RunSummaryFragment>>(new Map());
  const shown = new Map(rows.map((run) => [run.id, run]));
  const runs = [...ids].flatMap((id) => shown.get(id) ?? listed.current.get(id) ?? []);
  listed.current = new Map(runs.map((run) => [run.id, run]));
  const choose = useCallback((runIds: readonly string[], isChosen: boolean): void => {
    setIds((before) => (isChosen ? before.union(new Set(runIds)) : before.difference(new Set(runIds))));
  }, []);
  const away = runs.filter(({ id }) => !shown.has(id)).length;
  return { ids, runs, away, choose, clear: () => setIds(NONE) };
}
