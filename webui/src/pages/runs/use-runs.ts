import { type RunSummaryFragment, RunsPageDocument, type RunsPageQuery } from "@soma/graphql/operations";
import { useEffect, useMemo, useRef, useState } from "react";
import { toProblem } from "../../graphql/to-problem.ts";
import { useQuery } from "../../graphql/use-query.ts";
import { useRefresh } from "../../run-log/use-refresh.ts";
import type { Problem } from "../../ui/problem-note.tsx";
import type { Oldness } from "../../ui/states.tsx";
import { useOnline } from "../../ui/use-online.ts";
import { mergePage } from "./merge-page.ts";
import { PAGE_SIZE, type RunsQuery, toVariables } from "./runs-query.ts";

/** Runs of other pages and people change too; while this one is visible it asks again this often. */
const REFRESH_MS = 5_000;

export interface Runs {
  /** Undefined before the first answer. */
  rows: readonly RunSummaryFragment[] | undefined;
  pageInfo: NonNullable<RunsPageQuery["runs"]>["pageInfo"] | undefined;
  /** So many newer ones than are shown. */
  news: number;
  showNews(): void;
  /** Why what is shown may not be true any longer, and since when. */
  old: { why: Oldness; asOf: number } | undefined;
  /** What the server refused, or that there is nothing to show. */
  problem: Problem | undefined;
  reload(): void;
}

/** The runs an address asks for, kept new without moving what is read. */
export function useRuns(query: RunsQuery): Runs {
  // The beginning of "the last hour" is of when it was asked for: another one would be another list.
  const variables = useMemo(() => toVariables(query, Date.now()), [query]);
  const [{ data, error, stale }, ask] = useQuery(RunsPageDocument, variables);
  const reload = (): void => ask({ requestPolicy: "network-only" });
  useRefresh(reload, REFRESH_MS);
  const [, redraw] = useState(0);
  const kept = useRef<{ of: object; rows: readonly RunSummaryFragment[]; news: number } | undefined>(undefined);
  const asOf = useAnsweredAt(data, stale || error !== undefined);
  const online = useOnline();

  const fresh = data?.runs?.nodes;
  const before = kept.current?.of === variables ? kept.current.rows : [];
  if (fresh !== undefined && !stale) kept.current = { of: variables, ...mergePage(before, fresh, PAGE_SIZE) };
  const now = kept.current?.of === variables ? kept.current : undefined;
  const away = error !== undefined && error.graphQLErrors.length === 0;
  const why = online ? (away ? "RECONNECTING" : undefined) : "OFFLINE";
  return {
    rows: now?.rows,
    pageInfo: data?.runs?.pageInfo,
    news: now?.news ?? 0,
    showNews() {
      kept.current = undefined;
      redraw((count) => count + 1);
    },
    old: now === undefined || why === undefined ? undefined : { why, asOf },
    problem: error === undefined || (away && now !== undefined) ? undefined : toProblem(error),
    reload,
  };
}

function useAnsweredAt(data: unknown, isOld: boolean): number {
  const [at, setAt] = useState(Date.now);
  useEffect(() => {
    if (data !== undefined && !isOld) setAt(Date.now());
  }, [data, isOld]);
  return at;
}
