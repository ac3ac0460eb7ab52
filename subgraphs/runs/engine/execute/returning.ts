import type { KeptStep } from "@soma/schemas/run-history";
import type { HistoryEvent } from "../../domain/history.ts";
import { keptAt } from "../../domain/kept-steps.ts";

/** What a run that was forked or rolled back does not do again. */
export interface Returning {
  /** What stands in place of the step that its node is about to begin; undefined where it is done. */
  take(node: string): KeptStep | undefined;
}

/** From the history that counts: how often each node has come since the newest fork or rollback says which step is meant. */
export function createReturning(standing: readonly HistoryEvent[]): Returning {
  const { kept, begun } = keptAt(standing);
  return {
    take(node) {
      if (kept.length === 0) return undefined;
      const nth = begun.get(node) ?? 0;
      begun.set(node, nth + 1);
      return kept.find((one) => one.node === node && one.nth === nth);
    },
  };
}
