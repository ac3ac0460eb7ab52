import { useEffect } from "react";

let here: string | undefined;

/** Gives the focus to the beginning of a place when the reader comes to it from another one, and not at the first. */
export function useArrival(path: string, selector = "main h1"): void {
  useEffect(() => {
    const before = here;
    here = path;
    if (before === undefined || before === path || document.activeElement instanceof HTMLTextAreaElement) return;
    document.querySelector<HTMLElement>(selector)?.focus();
  }, [path, selector]);
}
