import { type ReactNode, useRef, useState } from "react";
import { LeavingButton } from "./leaving-button.tsx";
import { toCount } from "./words.ts";

/** As many times the limit stay for whoever reads them, and no more. */
const MOST_KEPT = 5;

/**
 * The newest of a long list, and a note that says what is left out and shows it; null when nothing is. While `isRead` says
 * that somebody reads further up than its end, what was shown is not left out for what comes.
 */
export function useTail<T>(
  list: readonly T[],
  limit: number,
  isRead: () => boolean = () => false,
): { shown: readonly T[]; note: ReactNode } {
  const [all, setAll] = useState(false);
  const from = useRef(Number.POSITIVE_INFINITY);
  const newest = Math.max(0, list.length - limit);
  const isKept = from.current < newest && list.length - from.current <= MOST_KEPT * limit && isRead();
  if (!isKept) from.current = newest;
  const first = from.current;
  if (all || first === 0) return { shown: list, note: null };
  const note = (
    <p>
      The newest {toCount(list.length - first)} of {toCount(list.length)} are shown.{" "}
      <LeavingButton onClick={() => setAll(true)}>Show all</LeavingButton>
    </p>
  );
  return { shown: list.slice(first), note };
}
