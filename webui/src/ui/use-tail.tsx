import { type ReactNode, useState } from "react";
import { LeavingButton } from "./leaving-button.tsx";
import { toCount } from "./words.ts";

/** The newest of a long list, and a note that says what is left out and shows it; null when nothing is. */
export function useTail<T>(list: readonly T[], limit: number): { shown: readonly T[]; note: ReactNode } {
  const [all, setAll] = useState(false);
  if (all || list.length <= limit) return { shown: list, note: null };
  const note = (
    <p>
      The newest {toCount(limit)} of {toCount(list.length)} are shown.{" "}
      <LeavingButton onClick={() => setAll(true)}>Show all</LeavingButton>
    </p>
  );
  return { shown: list.slice(-limit), note };
}
