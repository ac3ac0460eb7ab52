import { isErased } from "@soma/schemas/erased-payload";
import { SomaError } from "@soma/shared/errors";
import type { HistoryEvent } from "./history.ts";

/** Role of who may hold runs, let them go, and erase what has ended. */
export const CUSTODIAN = "custodian";

/** Throws ERASED when one of these was ordered to be erased, whatever is left of it now. */
export function checkNotErased(runs: readonly { runId: string; erasedAt: Date | null }[]): void {
  const gone = runs.find(({ erasedAt }) => erasedAt !== null);
  if (gone !== undefined)
    throw new SomaError(
      "ERASED",
      `run ${gone.runId} was erased at ${gone.erasedAt?.toISOString()}, and nothing can go on from it any more; start a run anew`,
    );
}

/** Throws ERASED when something of a history is gone: what it was folded from cannot be folded again. */
export function checkKept(events: readonly HistoryEvent[]): void {
  const gone = events.find(({ payload }) => isErased(payload));
  if (gone !== undefined)
    throw new SomaError(
      "ERASED",
      `run ${gone.runId} was erased from its event ${gone.seq} on, and nothing can be folded from it or go on from it any more; start a run anew`,
    );
}
