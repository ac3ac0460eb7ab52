import { type PageKey, usePageKeys } from "./page-keys.ts";

/**
 * j and k go from row to row of a list, wherever the focus is: to the first link of each. `rows` selects them; `more` are
 * other keys of the list.
 */
export function useRowKeys(rows: string, more: readonly PageKey[] = []): void {
  usePageKeys([
    { keys: "j", what: "Next row of the list", does: () => walk(rows, 1) },
    { keys: "k", what: "Row before", does: () => walk(rows, -1) },
    ...more,
  ]);
}

function walk(rows: string, by: 1 | -1): void {
  const all = [...document.querySelectorAll<HTMLElement>(rows)];
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[at === -1 ? 0 : Math.max(0, Math.min(all.length - 1, at + by))];
  const link = next?.matches("a") ? next : next?.querySelector<HTMLElement>("a");
  link?.focus();
}
