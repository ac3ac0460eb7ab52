import type { SlowLanes } from "@soma/shared/outbox/slow-lanes";
import type { HeldRun } from "../../store/read-held.ts";
import type { RelayPosition, UnpublishedRow } from "../../store/select-published.ts";

/** What one round of the journal's relay looked at. */
export interface Round {
  /** Where the cursor stands. */
  begin: RelayPosition;
  /** Rows after the cursor, also those of held runs, which are passed over. */
  read: readonly UnpublishedRow[];
  /** Held runs whose turn it was, and their rows. */
  due: readonly HeldRun[];
  again: readonly UnpublishedRow[];
  /** Rows of one held run at most. */
  perRun: number;
}

interface Settling {
  kept: readonly { position: RelayPosition }[];
  /** Rows that can never be delivered; their runs wait for a person. */
  dead: readonly { position: RelayPosition }[];
  /** Held runs, each with the number of its first event that waits; brought up to date here. */
  lanes: SlowLanes<number>;
}

interface Plan {
  /** Where the cursor goes. */
  to: RelayPosition;
  held: HeldRun[];
  /** Runs that wait for a letter, each with the number of its event. */
  parked: HeldRun[];
  freed: string[];
}

/**
 * What becomes of a round: a run is held from its first event that was kept, a held one whose events were all taken is let
 * go, one whose first such event is dead waits for a person, and the cursor goes to the end of what was read, or before the first event that waits and can be held no more.
 */
export function planSettling(round: Round, { kept, dead, lanes }: Settling): Plan {
  const first = new Map(kept.toReversed().map(({ position }) => [position.runId, position]));
  const parked = firstDead(dead, first);
  for (const { runId } of parked) {
    lanes.free(runId);
    first.delete(runId);
  }
  const held: HeldRun[] = [];
  const freed: string[] = [];
  for (const { runId } of round.due) {
    if (first.has(runId) || parked.some((run) => run.runId === runId)) continue;
    lanes.free(runId);
    const rows = round.again.filter(({ event }) => event.runId === runId);
    const last = rows.at(-1);
    if (last === undefined || rows.length < round.perRun) freed.push(runId);
    else {
      // Before any other takes the place it just left: what is held in the table is held here.
      const seq = last.position.seq + 1;
      lanes.hold(runId, seq);
      held.push({ runId, seq });
    }
  }
  for (const [runId, { seq }] of first) {
    if (!lanes.hold(runId, seq)) continue;
    held.push({ runId, seq });
    first.delete(runId);
  }
  const stop = round.read.findIndex(({ position: { runId, seq } }) => seq >= (first.get(runId)?.seq ?? Infinity));
  const last = stop === -1 ? round.read.at(-1) : round.read[stop - 1];
  return { to: last?.position ?? round.begin, held, parked, freed };
}

/** The first dead event of each run, where none of its run waits before it. */
function firstDead(dead: Settling["dead"], kept: ReadonlyMap<string, RelayPosition>): HeldRun[] {
  const first = new Map(dead.toReversed().map(({ position }) => [position.runId, position.seq]));
  return [...first]
    .filter(([runId, seq]) => seq < (kept.get(runId)?.seq ?? Infinity))
    .map(([runId, seq]) => ({ runId, seq }));
}
