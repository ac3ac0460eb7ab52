import { payloadOf } from "@soma/schemas/run-history";
import type { HistoryEvent } from "./history.ts";

/** Tells of the number of an event whether a rollback took it back. Only the rollbacks among the events are looked at. */
export function abandonedBy(events: Iterable<HistoryEvent>): (seq: number) => boolean {
  const rollbacks = [...events].filter(({ kind }) => kind === "RUN_ROLLED_BACK").sort((a, b) => b.seq - a.seq);
  const stretches: { after: number; before: number }[] = [];
  let upTo = Number.POSITIVE_INFINITY;
  for (const { seq, payload } of rollbacks) {
    // A rollback that a later one took back takes nothing back.
    if (seq > upTo) continue;
    upTo = payloadOf("RUN_ROLLED_BACK", payload).toSeq;
    stretches.push({ after: upTo, before: seq });
  }
  return (seq) => stretches.some(({ after, before }) => seq > after && seq < before);
}
