import { type ListedRunFragment, RunsPageDocument, type RunsPageQuery } from "@soma/graphql/operations";
import { useMemo, useRef, useState } from "react";
import { useOld } from "../../graphql/use-old.ts";
import { useQuery } from "../../graphql/use-query.ts";
import { useRefresh } from "../../run-log/use-refresh.ts";
import type { Problem } from "../../ui/problem-note.tsx";
import type { Old } from "../../ui/states.tsx";
import { mergePage } from "./merge-page.ts";
import { PAGE_SIZE, type RunsQuery, toVariables } from "./runs-query.ts";

/** Runs of other pages and people change too; while this one is visible it asks again this often. */
const REFRESH_MS = 5_000;

type RunsPage = NonNullable<RunsPageQuery["runs"]>;
export type SearchedTo = NonNullable<RunsPage["searchedTo"]>;

export interface Runs {
  /** Undefined before the first answer. */
  rows: readonly ListedRunFragment[] | undefined;
  pageInfo: RunsPage["pageInfo"] | undefined;
  /** Where the search ended before the page was full; undefined where it did not. */
  searchedTo: SearchedTo | undefined;
  /** So many newer ones than are shown. */
  news: number;
  showNews(): void;
  /** Why what is shown may not be true any longer, and since when. */
  old: Old | undefined;
  /** What the server refused, or that there is nothing to show. */
  problem: Problem | undefined;
  reload(): void;
}

/** The runs an address asks for, kept new without moving what is read. */
export function useRuns(query: RunsQuery): Runs {
  // The beginning of "the last hour" is of when it was asked for: another one would be another list.
  const variables = useMemo(() => toVariables(query, Date.now()), [query]);
  const [answer, ask] = useQuery(RunsPageDocument, variables);
  const { data, stale, fetching } = answer;
  const reload = (): void => ask({ requestPolicy: "network-only" });
  useRefresh(answer, reload, REFRESH_MS);
  const [, redraw] = useState(0);
  const kept = useRef<Kept | undefined>(undefined);

  const fresh = data?.runs;
  // Until another list has answered, the data is still that of the one before.
  if (fresh && !stale && !fetching) kept.current = keep(variables, kept.current, fresh);
  const now = kept.current?.of === variables ? kept.current : undefined;
  const { old, problem } = useOld(answer, now !== undefined);
  return {
    rows: now?.rows,
    pageInfo: now?.pageInfo,
    searchedTo: now?.searchedTo ?? undefined,
    news: now?.news ?? 0,
    showNews() {
      if (now === undefined || now.news === 0) return;
      // What came last has them: nothing is waited for, so that what has the focus stays.
      kept.current = keep(variables, undefined, now.newest);
      redraw((count) => count + 1);
    },
    ...{ old, problem, reload },
  };
}

interface Kept {
  /** The variables it was asked for by. */
  of: object;
  rows: readonly ListedRunFragment[];
  pageInfo: RunsPage["pageInfo"];
  searchedTo: RunsPage["searchedTo"];
  news: number;
  /** What the server told last, with what is new. */
  newest: RunsPage;
}

function keep(of: object, before: Kept | undefined, fresh: RunsPage): Kept {
  const shown = before?.of === of ? before : undefined;
  const { rows, news, keepsEnd } = mergePage(shown?.rows ?? [], fresh.nodes, PAGE_SIZE);
  const { pageInfo, searchedTo } = (keepsEnd ? shown : undefined) ?? fresh;
  return { of, rows, news, pageInfo, searchedTo, newest: fresh };
}
