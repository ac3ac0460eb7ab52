import { type KeptStep, payloadOf } from "@soma/schemas/run-history";
import type { HistoryEvent } from "../../domain/history.ts";

/** What a run that was forked or rolled back does not do again. */
export interface Returning {
  /** What stands in place of the step that its node is about to begin; undefined where it is done. */
  take(node: string): KeptStep | undefined;
}

/** From the history that counts: how often each node has come since the newest fork or rollback says which step is meant. */
export function createReturning(standing: readonly HistoryEvent[]): Returning {
  const from = standing.findLastIndex(({ kind }) => kind === "RUN_FORKED" || kind === "RUN_ROLLED_BACK");
  const last = standing[from];
  const kept = keptBy(last);
  const begun = new Map<string, number>();
  const count = (node: string): number => {
    const before = begun.get(node) ?? 0;
    begun.set(node, before + 1);
    return before;
  };
  const seen = new Set<number>();
  if (kept.length > 0)
    for (const { step, node } of standing.slice(from + 1)) {
      if (step === 0 || seen.has(step)) continue;
      seen.add(step);
      count(node ?? "");
    }
  return {
    take(node) {
      if (kept.length === 0) return undefined;
      const nth = count(node);
      return kept.find((one) => one.node === node && one.nth === nth);
    },
  };
}

function keptBy(last: HistoryEvent | undefined): readonly KeptStep[] {
  if (last?.kind !== "RUN_FORKED" && last?.kind !== "RUN_ROLLED_BACK") return [];
  return payloadOf(last.kind, last.payload).kept ?? [];
}
