import { flushSync } from "react-dom";
import { type PageKey, usePageKeys } from "./page-keys.ts";

/**
 * j and k go from row to row of a list, wherever the focus is: to the first link of each. `rows` selects them; `more` are
 * other keys of the list; `show` brings the list onto the page where it may be hidden.
 */
export function useRowKeys(rows: string, more: readonly PageKey[] = [], show?: () => void): void {
  usePageKeys([
    { keys: "j", what: "Next row of the list", does: () => walk(rows, 1, show) },
    { keys: "k", what: "Row before", does: () => walk(rows, -1, show) },
    ...more,
  ]);
}

function walk(rows: string, by: 1 | -1, show: (() => void) | undefined): void {
  const all = [...document.querySelectorAll<HTMLElement>(rows)];
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[at === -1 ? 0 : Math.max(0, Math.min(all.length - 1, at + by))];
  const link = next?.matches("a") ? next : next?.querySelector<HTMLElement>("a");
  // What is hidden takes no focus.
  if (show !== undefined && link?.checkVisibility() === false) flushSync(show);
  link?.focus();
}
