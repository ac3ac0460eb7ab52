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

type RunsPage = NonNullable<RunsPageQuery["runs"]>;

export interface Runs {
  /** Undefined before the first answer. */
  rows: readonly RunSummaryFragment[] | undefined;
  pageInfo: RunsPage["pageInfo"] | undefined;
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
  const [{ data, error, stale, fetching }, ask] = useQuery(RunsPageDocument, variables);
  const reload = (): void => ask({ requestPolicy: "network-only" });
  useRefresh(reload, REFRESH_MS);
  const [, redraw] = useState(0);
  const kept = useRef<Kept | undefined>(undefined);
  const asOf = useAnsweredAt(data, stale || error !== undefined);
  const online = useOnline();

  const fresh = data?.runs;
  // Until another list has answered, the data is still that of the one before.
  if (fresh && !stale && !fetching) kept.current = keep(variables, kept.current, fresh);
  const now = kept.current?.of === variables ? kept.current : undefined;
  const away = error !== undefined && error.graphQLErrors.length === 0;
  const why = online ? (away ? "RECONNECTING" : undefined) : "OFFLINE";
  return {
    rows: now?.rows,
    pageInfo: now?.pageInfo,
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

interface Kept {
  /** The variables it was asked for by. */
  of: object;
  rows: readonly RunSummaryFragment[];
  pageInfo: RunsPage["pageInfo"];
  news: number;
}

function keep(of: object, before: Kept | undefined, { nodes, pageInfo }: RunsPage): Kept {
  const shown = before?.of === of ? before : undefined;
  const { rows, news, keepsEnd } = mergePage(shown?.rows ?? [], nodes, PAGE_SIZE);
  return { of, rows, news, pageInfo: (keepsEnd ? shown?.pageInfo : undefined) ?? pageInfo };
}

function useAnsweredAt(data: unknown, isOld: boolean): number {
  const [at, setAt] = useState(Date.now);
  useEffect(() => {
    if (data !== undefined && !isOld) setAt(Date.now());
  }, [data, isOld]);
  return at;
}
