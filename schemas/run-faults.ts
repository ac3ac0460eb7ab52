import { isStepEnd } from "./run-history.ts";

/** An event of a run's history, as far as its order is asked about. */
export interface OrderedEvent {
  seq: number;
  kind: string;
  /** Number of the step; 0 for an event of the run itself. */
  step: number;
  node: string | null;
  attempt: number;
}

/**
 * What is wrong with the order of events of a run that has ended, in words; nothing for a sound one. It knows no graph:
 * whatever a run did and whoever executed it, these hold.
 */
export function faultsOfRun(events: readonly OrderedEvent[]): string[] {
  return [...faultsOfSteps(events), ...faultsOfEnd(events)];
}

/** A step stays at its node, its attempts only grow, it ends once, and nothing of it follows its end. */
function faultsOfSteps(events: readonly OrderedEvent[]): string[] {
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

function faultsOfEnd(events: readonly OrderedEvent[]): string[] {
  const ends = events.filter(
    ({ kind }) => kind === "RUN_SUCCEEDED" || kind === "RUN_FAILED" || kind === "RUN_CANCELED",
  );
  if (ends.length !== 1) return [`the run ended ${ends.length} times`];
  return ends[0] === events.at(-1) ? [] : ["something follows the end of the run"];
}
