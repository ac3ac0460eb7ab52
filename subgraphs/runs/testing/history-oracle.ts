import { CHAIN_START } from "@soma/schemas/run-chain";
import { isStepEnd } from "@soma/schemas/run-history";
import { chain } from "../domain/chain.ts";
import type { HistoryEvent } from "../domain/history.ts";

/**
 * What is wrong with the history of a run that has ended, in words; nothing for a sound one. It knows no graph: whatever a run
 * did and whoever executed it, these hold.
 */
export function faultsOf(events: readonly HistoryEvent[]): string[] {
  return [...faultsOfChain(events), ...faultsOfSteps(events), ...faultsOfEnd(events)];
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

/** A step stays at its node, its attempts only grow, it ends once, and nothing of it follows its end. */
function faultsOfSteps(events: readonly HistoryEvent[]): string[] {
  const faults: string[] = [];
  const steps = new Map<number, { node: string | null; attempt: number; ended: boolean }>();
  for (const { step, node, attempt, kind, seq } of events) {
    if (step === 0) continue;
    const known = steps.get(step) ?? { node, attempt, ended: false };
    steps.set(step, known);
    if (known.ended) faults.push(`entry ${seq} is of step ${step}, which had ended`);
    if (known.node !== node) faults.push(`step ${step} was at ${known.node} and is at ${node} in entry ${seq}`);
    if (attempt < known.attempt) faults.push(`entry ${seq} is of attempt ${attempt}, after ${known.attempt}`);
    known.attempt = attempt;
    known.ended ||= isStepEnd(kind);
  }
  for (const [step, { ended, node }] of steps) if (!ended) faults.push(`step ${step} at ${node} never ended`);
  return faults;
}

function faultsOfEnd(events: readonly HistoryEvent[]): string[] {
  const ends = events.filter(
    ({ kind }) => kind === "RUN_SUCCEEDED" || kind === "RUN_FAILED" || kind === "RUN_CANCELED",
  );
  if (ends.length !== 1) return [`the run ended ${ends.length} times`];
  return ends[0] === events.at(-1) ? [] : ["something follows the end of the run"];
}
