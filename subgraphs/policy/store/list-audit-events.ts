import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { and, asc, desc, eq, gt, inArray, lt } from "drizzle-orm";
import { type AuditRow, auditEvent } from "./tables.ts";

interface ListAuditEventsParams {
  tenant: string;
  categories?: readonly string[] | undefined;
  decision?: string | undefined;
  actor?: string | undefined;
  subject?: string | undefined;
  /** Only events older than this one, and only events newer than that one. */
  olderThan?: string | undefined;
  newerThan?: string | undefined;
  /** From the oldest on instead of from the newest. */
  oldestFirst: boolean;
  limit: number;
}

/** Audit events, newest first unless asked otherwise: their ids sort by time. */
export async function listAuditEvents(tx: Tx, params: ListAuditEventsParams): Promise<AuditRow[]> {
  const equal = (
    column: typeof auditEvent.decision | typeof auditEvent.actor | typeof auditEvent.subject,
    value: string | undefined,
  ) => (value === undefined ? undefined : eq(column, value));
  return queryOn(tx)
    .select()
    .from(auditEvent)
    .where(
      and(
        eq(auditEvent.tenant, params.tenant),
        params.categories === undefined ? undefined : inArray(auditEvent.category, [...params.categories]),
        equal(auditEvent.decision, params.decision),
        equal(auditEvent.actor, params.actor),
        equal(auditEvent.subject, params.subject),
        params.olderThan === undefined ? undefined : lt(auditEvent.eventId, params.olderThan),
        params.newerThan === undefined ? undefined : gt(auditEvent.eventId, params.newerThan),
      ),
    )
    .orderBy(params.oldestFirst ? asc(auditEvent.eventId) : desc(auditEvent.eventId))
    .limit(params.limit);
}
