import type { SomaClient } from "@soma/graphql/client";
import { useEffect, useRef, useState } from "react";
import { withNewest } from "./with-newest.ts";

/** What came of an operation. */
export interface Outcome {
  /** Answers as text, the newest of a subscription first. */
  answers: readonly string[];
  /** How many came, also those that are shown no more. */
  count: number;
  hasErrors: boolean;
  ms: number;
  isRunning: boolean;
  /** Why no answer came. */
  fault: string | undefined;
}

export interface Request {
  query: string;
  variables: Record<string, unknown>;
  operationName: string | undefined;
  isSubscription: boolean;
}

const BEGUN: Outcome = { answers: [], count: 0, hasErrors: false, ms: 0, isRunning: true, fault: undefined };

/** Asks one operation at a time; another one, or leaving the page, ends the one before. */
export function useOperation(client: SomaClient): {
  outcome: Outcome | undefined;
  run(request: Request): Promise<void>;
  stop(): void;
} {
  const [outcome, setOutcome] = useState<Outcome>();
  const under = useRef<AbortController>(undefined);
  useEffect(() => () => under.current?.abort(), []);
  const run = async (request: Request): Promise<void> => {
    under.current?.abort();
    const mine = new AbortController();
    under.current = mine;
    const beganAt = performance.now();
    const tell = (change: (before: Outcome) => Partial<Outcome>): void => {
      if (under.current !== mine) return;
      setOutcome((before = BEGUN) => ({ ...before, ms: performance.now() - beganAt, ...change(before) }));
    };
    setOutcome(BEGUN);
    try {
      for await (const answer of client.answers(request, { signal: mine.signal }))
        tell(({ answers, count, hasErrors }) => ({
          answers: withNewest(JSON.stringify(answer, null, 2), answers),
          count: count + 1,
          hasErrors: hasErrors || answer.errors !== undefined,
        }));
    } catch (error) {
      if (!mine.signal.aborted) tell(() => ({ fault: error instanceof Error ? error.message : String(error) }));
    }
    tell(() => ({ isRunning: false }));
  };
  return { outcome, run, stop: () => under.current?.abort() };
}
