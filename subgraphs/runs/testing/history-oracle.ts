import { CHAIN_START } from "@soma/schemas/run-chain";
import { faultsOfRun } from "@soma/schemas/run-faults";
import { chain } from "../domain/chain.ts";
import type { HistoryEvent } from "../domain/history.ts";

/**
 * What is wrong with the history of a run that has ended, in words; nothing for a sound one. It knows no graph: whatever a run
 * did and whoever executed it, these hold.
 */
export function faultsOf(events: readonly HistoryEvent[]): string[] {
  return [...faultsOfChain(events), ...faultsOfRun(events)];
}

/** Numbers without a gap, each entry over the one before it. */
function faultsOfChain(events: readonly HistoryEvent[]): string[] {
  const faults: string[] = [];
  let before = CHAIN_START;
  for (const [index, event] of events.entries()) {
    if (event.seq !== index + 1) faults.push(`entry ${index + 1} has the number ${event.seq}`);
    if (chain(before, event).hash !== event.hash) faults.push(`entry ${event.seq} is not chained to the one before it`);
    before = event.hash;
  }
  return faults;
}
