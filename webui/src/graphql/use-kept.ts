import { useRef } from "react";

/** The newest answer that came: it stays while the server does not answer, or refuses. Of another question nothing is kept. */
export function useKept<T extends object>(fresh: T | null | undefined, question = ""): T | undefined {
  const kept = useRef<{ question: string; value: T }>(undefined);
  if (fresh != null) kept.current = { question, value: fresh };
  return kept.current?.question === question ? kept.current.value : undefined;
}
