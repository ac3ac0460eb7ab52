import { type KeptStep, payloadOf } from "@soma/schemas/run-history";
import type { HistoryEvent } from "./history.ts";

/** What a run does not do again, and how often each of its nodes has begun a step since that was said. */
export interface Kept {
  kept: readonly KeptStep[];
  begun: Map<string, number>;
}

/** Of the history that counts: what its newest fork or rollback says. */
export function keptAt(standing: readonly HistoryEvent[]): Kept {
  const from = standing.findLastIndex(({ kind }) => kind === "RUN_FORKED" || kind === "RUN_ROLLED_BACK");
  const kept = saidBy(standing[from]);
  const begun = new Map<string, number>();
  const seen = new Set<number>();
  if (kept.length > 0)
    for (const { step, node } of standing.slice(from + 1)) {
      if (step === 0 || seen.has(step)) continue;
      seen.add(step);
      const name = String(node);
      begun.set(name, (begun.get(name) ?? 0) + 1);
    }
  return { kept, begun };
}

function saidBy(last: HistoryEvent | undefined): readonly KeptStep[] {
  if (last?.kind !== "RUN_FORKED" && last?.kind !== "RUN_ROLLED_BACK") return [];
  return payloadOf(last.kind, last.payload).kept ?? [];
}
