import { type ReactNode, useEffect, useMemo, useState } from "react";
import { Link, useSearch } from "wouter";
import { NEW_PATH, RUNS_PATH } from "../../place.ts";
import { CancelDialog } from "../../run-parts/cancel-dialog.tsx";
import { LeavingButton } from "../../ui/leaving-button.tsx";
import { ProblemNote } from "../../ui/problem-note.tsx";
import { ScrollPart } from "../../ui/scroll-part.tsx";
import { Empty, Loading, OldNote } from "../../ui/states.tsx";
import { useArrival } from "../../ui/use-arrival.ts";
import { useRowKeys } from "../../ui/use-row-keys.ts";
import { toCount } from "../../ui/words.ts";
import { RunFilters } from "./run-filters.tsx";
import { RunTable } from "./run-table.tsx";
import styles from "./runs-page.module.css";
import { filterWords, parseQuery, type RunsQuery, toAddress } from "./runs-query.ts";
import { SearchEnd } from "./search-end.tsx";
import { type Chosen, useChosen } from "./use-chosen.ts";
import { type Runs, type SearchedTo, useRuns } from "./use-runs.ts";

/** All runs, as the address narrows them. */
export default function RunsPage(): ReactNode {
  const search = useSearch();
  const query = useMemo(() => parseQuery(search), [search]);
  const runs = useRuns(query);
  const chosen = useChosen(runs.rows);
  useArrival(RUNS_PATH);
  useEffect(() => {
    document.title = "Runs · soma";
  }, []);
  return (
    <main id="main" className={styles.page} tabIndex={-1}>
      <div className={styles.head}>
        <h1 tabIndex={-1}>Runs</h1>
        <RunFilters query={query} />
      </div>
      <List key={search} {...{ query, runs, chosen }} />
    </main>
  );
}

interface ListProps {
  query: RunsQuery;
  runs: Runs;
  chosen: Chosen;
}

function List({ query, runs, chosen }: ListProps): ReactNode {
  const { rows, searchedTo, news, old, problem, reload } = runs;
  useRowKeys("tr[data-run]", [{ keys: ".", what: "Show what is new", does: runs.showNews }]);
  return (
    <>
      {old === undefined ? null : <OldNote {...old} onRetry={reload} />}
      {problem === undefined ? null : (
        <ProblemNote
          what={rows === undefined ? "The runs could not be loaded." : "The list is not up to date."}
          problem={problem}
          onRetry={reload}
        />
      )}
      {rows === undefined && problem === undefined ? <Loading what="runs" /> : null}
      <ChosenBar chosen={chosen} reload={reload} />
      <ScrollPart className={styles.list} label="List of runs" data-old={old?.why}>
        {news === 0 ? null : (
          <LeavingButton className={styles.news} onClick={runs.showNews}>
            ↑ {toCount(news)} new
          </LeavingButton>
        )}
        {rows?.length === 0 ? <Nothing query={query} end={searchedTo} /> : null}
        {rows === undefined || rows.length === 0 ? null : (
          <>
            <RunTable runs={rows} chosen={chosen.ids} onChoose={chosen.choose} />
            {searchedTo === undefined ? null : <SearchEnd query={query} end={searchedTo} />}
          </>
        )}
      </ScrollPart>
      <Pager query={query} runs={runs} />
    </>
  );
}

/** What is chosen, also where it is not shown: the dialog names each. */
function ChosenBar({ chosen: { runs, away, clear }, reload }: { chosen: Chosen; reload(): void }): ReactNode {
  const [isAsking, setAsking] = useState(false);
  if (runs.length === 0) return null;
  const done = (): void => {
    setAsking(false);
    clear();
    reload();
  };
  return (
    <div className={styles.bar}>
      <span>
        {toCount(runs.length)} chosen{away === 0 ? "" : `, ${toCount(away)} not shown here`}
      </span>
      <LeavingButton onClick={() => setAsking(true)}>Cancel…</LeavingButton>
      <LeavingButton onClick={clear}>Clear</LeavingButton>
      {isAsking ? <CancelDialog runs={runs} onClose={() => setAsking(false)} onDone={done} /> : null}
    </div>
  );
}

function Nothing({ query, end }: { query: RunsQuery; end: SearchedTo | undefined }): ReactNode {
  const filters = filterWords(query);
  const { after, before } = query;
  if (filters.length === 0 && after === "" && before === "")
    return (
      <Empty lead="No runs yet.">
        <p>Each answer of an agent is a run: every step of it is kept here, and it goes on when a process dies.</p>
        <p>
          <Link href={NEW_PATH}>Ask the assistant something</Link>, or on the command line:{" "}
          <code>npx soma ask "What is 37*12?"</code>
        </p>
      </Empty>
    );
  return (
    <Empty lead={filters.length === 0 ? "No runs on this page." : `No runs match: ${filters.join(", ")}.`}>
      {end === undefined ? null : <SearchEnd query={query} end={end} />}
      <p>
        <Link href={RUNS_PATH}>Show all runs</Link>
      </p>
    </Empty>
  );
}

function Pager({ query, runs: { rows, pageInfo } }: { query: RunsQuery; runs: Runs }): ReactNode {
  if (rows === undefined || pageInfo === undefined) return null;
  const { hasNextPage, hasPreviousPage, startCursor, endCursor } = pageInfo;
  if (!hasNextPage && !hasPreviousPage) return null;
  return (
    <nav className={styles.pager} aria-label="Pages of runs">
      <span>{toCount(rows.length)} shown</span>
      {hasPreviousPage ? <Link href={toAddress(query, { after: "", before: "" })}>Newest</Link> : null}
      {hasPreviousPage && startCursor !== null ? (
        <Link href={toAddress(query, { before: startCursor, after: "" })}>← Newer</Link>
      ) : null}
      {hasNextPage && endCursor !== null ? (
        <Link href={toAddress(query, { after: endCursor, before: "" })}>Older →</Link>
      ) : null}
    </nav>
  );
}
