import { isCheckpoint } from "@soma/schemas/checkpoint";
import { payloadOf } from "@soma/schemas/run-history";
import { SomaError } from "@soma/shared/errors";
import type { HistoryEvent } from "./history.ts";
import { isMigration } from "./migrations.ts";
import { effectiveEvents } from "./rollback.ts";

/** Throws BAD_INPUT, with the nearest ones, when a run cannot go on from an event because it is no checkpoint. */
export function checkCheckpoint(runId: string, events: readonly HistoryEvent[], seq: number): void {
  const found = events.find((event) => event.seq === seq);
  if (found === undefined || !isCheckpoint(found.kind, found.node)) throw notThere(runId, events, seq);
  checkMigrations(runId, events, seq);
  checkApprovals(runId, events, seq);
}

/** Its graph cannot fold what another one had come to before it. */
function checkMigrations(runId: string, events: readonly HistoryEvent[], seq: number): void {
  const migrated = events.find((event) => event.seq > seq && isMigration(event));
  if (migrated === undefined) return;
  const { from, to } = payloadOf("RUN_MIGRATED", migrated.payload);
  throw new SomaError(
    "BAD_INPUT",
    `run ${runId} was migrated from ${from} to ${to} at event ${migrated.seq}, which is after event ${seq}; go on from the end of a step after it`,
  );
}

function notThere(runId: string, events: readonly HistoryEvent[], seq: number): SomaError {
  const checkpoints = events.filter(({ kind, node }) => isCheckpoint(kind, node)).map((event) => event.seq);
  const near = [checkpoints.findLast((at) => at < seq), checkpoints.find((at) => at > seq)];
  const named = near.filter((at) => at !== undefined).join(" and ");
  const newest = events.at(-1)?.seq ?? 0;
  const why =
    seq < 1 || seq > newest ? `has no event ${seq}; its newest is ${newest}` : `is within a step at event ${seq}`;
  return new SomaError(
    "BAD_INPUT",
    `run ${runId} ${why}; it can go on from its start and from the end of a step: nearest are ${named}`,
  );
}

/** Somebody approved what was asked, once: whoever goes on from after that would have it for something else, or again. */
function checkApprovals(runId: string, events: readonly HistoryEvent[], seq: number): void {
  const before = effectiveEvents(events.filter((event) => event.seq <= seq));
  const approved = before.find(
    ({ kind, payload }) => kind === "APPROVAL_DECIDED" && payloadOf(kind, payload).approved === true,
  );
  if (approved === undefined) return;
  const asked = before.find(({ kind, step }) => kind === "APPROVAL_ASKED" && step === approved.step)?.seq ?? seq;
  const last = before.findLast((event) => event.seq < asked && isCheckpoint(event.kind, event.node))?.seq ?? 1;
  throw new SomaError(
    "BAD_INPUT",
    `run ${runId} was approved something at event ${approved.seq}, which is before event ${seq} and holds once; go on from event ${last} at the latest, where it asks again`,
  );
}
