import { useEffect, useRef } from "react";

/** A key of the page that is open. */
export interface PageKey {
  /** As the sheet behind `?` shows it: one key, or two that follow each other. */
  keys: string;
  what: string;
  /** Left out where the part that has the focus hears it itself. */
  does?(): void;
}

const shown = new Set<{ current: readonly PageKey[] }>();

/** Keys that hold while the component is on the page: the shell hears them, and tells them with its own. */
export function usePageKeys(keys: readonly PageKey[]): void {
  const newest = useRef(keys);
  useEffect(() => {
    newest.current = keys;
  });
  useEffect(() => {
    shown.add(newest);
    return () => void shown.delete(newest);
  }, []);
}

export function pageKeys(): readonly PageKey[] {
  return [...shown].flatMap(({ current }) => current);
}
