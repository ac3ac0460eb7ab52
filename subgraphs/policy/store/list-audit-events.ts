import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { and, desc, eq, inArray, lt } from "drizzle-orm";
import { type AuditRow, auditEvent } from "./tables.ts";

export interface ListAuditParams {
  tenant: string;
  categories?: readonly string[] | undefined;
  decision?: string | undefined;
  actor?: string | undefined;
  subject?: string | undefined;
  /** Only events older than this one. */
  before?: string | undefined;
  limit: number;
}

/** Audit events, newest first: their ids sort by time. */
export async function listAuditEvents(tx: Tx, params: ListAuditParams): Promise<AuditRow[]> {
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
        params.before === undefined ? undefined : lt(auditEvent.eventId, params.before),
      ),
    )
    .orderBy(desc(auditEvent.eventId))
    .limit(params.limit);
}
