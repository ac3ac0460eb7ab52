import { useEffect, useRef } from "react";
import { useLocation } from "wouter";

/**
 * Marks a visit of a place: what comes of it later asks its mark whether the reader has stayed, and leaves them alone where they
 * have gone to.
 */
export function useHere(): () => () => boolean {
  const [path] = useLocation();
  const visit = useRef(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another path is another visit, and so is the same one later
  useEffect(
    () => () => {
      visit.current += 1;
    },
    [path],
  );
  return () => {
    const marked = visit.current;
    return () => visit.current === marked;
  };
}
