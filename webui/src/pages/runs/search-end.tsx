import type { ReactNode } from "react";
import { Link } from "wouter";
import { toClock, toCount, toDay } from "../../ui/words.ts";
import styles from "./runs-page.module.css";
import { type RunsQuery, toAddress } from "./runs-query.ts";
import type { SearchedTo } from "./use-runs.ts";

/** How far a search looked that ended before the page was full, and a way to look further. */
export function SearchEnd({ query, end }: { query: RunsQuery; end: SearchedTo }): ReactNode {
  const { cursor, createdAt, runs } = end;
  const when = (
    <time dateTime={createdAt}>
      {toDay(createdAt, Date.now())}, {toClock(createdAt)}
    </time>
  );
  const isForward = query.before === "";
  return (
    <p className={styles.searched}>
      <span>
        Looked at {toCount(runs)} runs, {isForward ? "back to" : "up to"} {when}.
      </span>
      <Link href={toAddress(query, isForward ? { after: cursor, before: "" } : { before: cursor, after: "" })}>
        {isForward ? "Look further back" : "Look at newer ones"}
      </Link>
    </p>
  );
}
