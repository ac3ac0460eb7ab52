import { topicOf, toRecord } from "@soma/shared/bus/event-record";
import { derivedId, newId } from "@soma/shared/ids";
import type { RelayRow, RelaySource } from "@soma/shared/outbox/relay";
import { insertDeadLetter } from "@soma/shared/outbox/store/insert-dead-letter";
import type { Sql } from "@soma/shared/postgres/connect";
import { PUBLISHED_KINDS, type PublishedEvent, toPublishedEvent } from "../../domain/published-events.ts";
import { advanceRelay } from "../../store/advance-relay.ts";
import { claimRelay } from "../../store/claim-relay.ts";
import { measureUnpublished } from "../../store/measure-unpublished.ts";
import { type RelayPosition, readUnpublished, type UnpublishedRow } from "../../store/read-unpublished.ts";
import { releaseRelay } from "../../store/release-relay.ts";

const BATCH = 500;
const LEASE_MS = 10_000;

export interface JournalRow extends RelayRow {
  tenant: string;
  type: string;
  position: RelayPosition;
}

/**
 * The journal as a source of events: in `runs` a row of history is its own outbox row. It is read by transaction id and only
 * below the oldest transaction still running, so that a row that commits late is never stepped over; the cursor stops before
 * the first row that stays, so a crash or a failure can only repeat. `sql` is a pool of the worker role.
 */
export function createJournalSource(sql: Sql): RelaySource<JournalRow> {
  const owner = newId();
  let fence = 0;
  return {
    async next() {
      const lease = await claimRelay(sql, { owner, leaseMs: LEASE_MS });
      if (lease === undefined) return { rows: [], full: false };
      fence = lease.fence;
      const rows = await readUnpublished(sql, { after: lease.position, kinds: PUBLISHED_KINDS, limit: BATCH });
      return { rows: rows.flatMap(toRow), full: rows.length === BATCH };
    },
    park: (row, reason) => insertDeadLetter(sql, { ...row, reason }),
    async settle(settled, kept) {
      const [first] = kept;
      const last =
        first === undefined ? settled.at(-1) : settled.findLast((row) => isBefore(row.position, first.position));
      if (last !== undefined) await advanceRelay(sql, { fence, to: last.position });
    },
    measure: () => measureUnpublished(sql, { kinds: PUBLISHED_KINDS }),
    release: () => releaseRelay(sql, { owner }),
  };
}

function toRow({ run, event, position }: UnpublishedRow): JournalRow[] {
  const published = toPublishedEvent(run, event);
  if (published === undefined) return [];
  const eventId = derivedId("Other", event.runId, event.seq);
  const trace = run.traceParent === "" ? {} : { traceparent: run.traceParent };
  const row = { eventId, tenant: run.tenant, type: published.type, position };
  try {
    return [
      {
        ...row,
        record: toRecord({ ...published, tenant: run.tenant, key: event.runId, eventId, at: event.at, trace }),
      },
    ];
  } catch (error) {
    return [
      {
        ...row,
        record: raw(published, run.tenant, event.runId),
        fault: error instanceof Error ? error.message : String(error),
      },
    ];
  }
}

/** An event as it is kept when it does not fit its schema. */
function raw({ type, data }: PublishedEvent, tenant: string, key: string): JournalRow["record"] {
  return { topic: topicOf(tenant, type), key, headers: {}, value: JSON.stringify(data) };
}

/** In the order the rows are read: by transaction, run and number. */
function isBefore(a: RelayPosition, b: RelayPosition): boolean {
  if (a.xid !== b.xid) return BigInt(a.xid) < BigInt(b.xid);
  if (a.runId !== b.runId) return a.runId < b.runId;
  return a.seq < b.seq;
}
