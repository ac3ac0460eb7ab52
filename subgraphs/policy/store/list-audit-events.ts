import type { Tx } from "@soma/shared/postgres/connect";
import { auditColumns } from "./audit-columns.ts";
import type { AuditRow } from "./tables.ts";

export interface ListAuditEventsParams {
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

/**
 * Audit events, newest first unless asked otherwise: their ids sort by time. Of several categories the first of each are
 * read, since no index is in the order of the list across them. Filtered, the order is that of 0002-audit-in-order.sql.
 */
export async function listAuditEvents(tx: Tx, params: ListAuditEventsParams): Promise<AuditRow[]> {
  const { tenant, categories, decision, actor, subject, olderThan, newerThan, oldestFirst, limit } = params;
  const equal = (column: "decision" | "actor" | "subject", value: string | undefined) =>
    value === undefined
      ? tx``
      : tx`and ${tx(`${column}_hash`)} = hashtextextended(${value}, 0) and ${tx(column)} = ${value}`;
  const page = tx`select ${auditColumns(tx)} from audit_event where tenant = ${tenant}
    ${equal("decision", decision)} ${equal("actor", actor)} ${equal("subject", subject)}
    ${olderThan === undefined ? tx`` : tx`and event_id < ${olderThan}`}
    ${newerThan === undefined ? tx`` : tx`and event_id > ${newerThan}`}`;
  const filtered = (categories ?? decision ?? actor ?? subject) !== undefined;
  if (!filtered) return tx<AuditRow[]>`${page} order by event_id ${oldestFirst ? tx`asc` : tx`desc`} limit ${limit}`;
  const order = oldestFirst ? tx`asc nulls first` : tx`desc nulls last`;
  if (categories === undefined) return tx<AuditRow[]>`${page} order by event_id ${order} limit ${limit}`;
  return tx<AuditRow[]>`select e.* from unnest(${[...new Set(categories)]}::text[]) as asked (category)
    cross join lateral (${page} and category = asked.category order by event_id ${order} limit ${limit}) e
    order by e."eventId" ${order} limit ${limit}`;
}
