import type { EventBus } from "@soma/shared/bus/event-bus";
import { derivedId, newId } from "@soma/shared/ids";
import type { Log } from "@soma/shared/log";
import { type Loop, startLoop } from "@soma/shared/loop";
import { gauge } from "@soma/shared/metrics";
import { type EventRecord, toRecord } from "@soma/shared/outbox/emit";
import type { Sql } from "@soma/shared/postgres/connect";
import { PUBLISHED_KINDS, toPublishedEvent } from "../domain/published-events.ts";
import { readUnpublished, type UnpublishedRow } from "../store/read-unpublished.ts";
import { advanceRelay, claimRelay, releaseRelay } from "../store/relay-cursor.ts";

const BATCH = 500;
const LEASE_MS = 10_000;

const lag = gauge("soma_journal_relay_lag_seconds", "Age of the last journal row the relay has published", []);

export interface JournalRelay {
  /** One round; true when more rows wait. */
  tick(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Publishes journal rows. It reads by transaction id and only below the oldest transaction still running, so that a row
 * that commits late is never stepped over; the cursor moves after the bus acknowledged, so a crash can only repeat.
 */
export function createJournalRelay(options: { sql: Sql; bus: EventBus; log: Log }): JournalRelay {
  const { sql, bus } = options;
  const owner = newId();
  return {
    async tick() {
      const lease = await claimRelay(sql, owner, LEASE_MS);
      if (lease === undefined) return false;
      const rows = await readUnpublished(sql, lease.position, PUBLISHED_KINDS, BATCH);
      if (rows.length === 0) {
        lag.set(0);
        return false;
      }
      const results = await bus.publish(rows.flatMap(toRecords));
      const failed = results.find((result) => !result.ok);
      if (failed?.ok === false)
        throw new Error(`journal rows were not delivered and stay unpublished: ${failed.reason}`);
      const last = rows.at(-1);
      if (last === undefined) return false;
      lag.set((Date.now() - last.event.at.getTime()) / 1_000);
      return (await advanceRelay(sql, lease.fence, last.position)) && rows.length === BATCH;
    },
    close: () => releaseRelay(sql, owner),
  };
}

function toRecords({ run, event }: UnpublishedRow): EventRecord[] {
  const published = toPublishedEvent(run, event);
  if (published === undefined) return [];
  const trace = run.traceParent === "" ? {} : { traceparent: run.traceParent };
  return [
    toRecord({
      ...published,
      tenant: run.tenant,
      key: event.runId,
      eventId: derivedId(event.runId, event.seq),
      at: event.at,
      trace,
    }),
  ];
}

export function startJournalRelay(options: { sql: Sql; bus: EventBus; log: Log }): Loop {
  const relay = createJournalRelay(options);
  const loop = startLoop({ name: "journal-relay", intervalMs: 250, log: options.log }, relay.tick);
  return {
    wake: loop.wake,
    async close() {
      await loop.close();
      await relay.close().catch(() => {});
    },
  };
}
