import type { RunSummaryFragment } from "@soma/graphql/operations";

/**
 * A page that was asked for again, without moving what is read: runs newer than the first of before are counted and not
 * shown, and those they pushed off the end stay: then the page that follows still follows what was asked for before.
 * Ids of runs sort by their time.
 */
export function mergePage<Row extends Pick<RunSummaryFragment, "id">>(
  shown: readonly Row[],
  fresh: readonly Row[],
  size: number,
): { rows: readonly Row[]; news: number; keepsEnd: boolean } {
  const [top] = shown;
  if (top === undefined) return { rows: fresh, news: 0, keepsEnd: false };
  const kept = fresh.filter(({ id }) => id <= top.id);
  const oldest = fresh.at(-1);
  const pushed = oldest === undefined || fresh.length < size ? [] : shown.filter(({ id }) => id < oldest.id);
  const rows = [...kept, ...pushed].slice(0, size);
  return { rows, news: fresh.length - kept.length, keepsEnd: pushed.length > 0 };
}
