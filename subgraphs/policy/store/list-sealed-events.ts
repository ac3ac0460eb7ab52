import type { Tx } from "@soma/shared/postgres/connect";
import type { AuditLeafRow, AuditRow } from "./tables.ts";

type SealedRow = AuditRow & AuditLeafRow;

/** The next sealed events of a tenant after a place. An event that somebody took away is left out. */
export async function listSealedEvents(
  tx: Tx,
  { tenant, after, limit }: { tenant: string; after: number; limit: number },
): Promise<SealedRow[]> {
  return tx<SealedRow[]>`select e.tenant, e.event_id as "eventId", e.category, e.actor, e.subject, e.decision, e.reason,
      e.policy_version as "policyVersion", e.at, e.trace_id as "traceId", e.meta,
      l.seq::float8 as seq, l.salt, l.details_digest as "detailsDigest"
    from audit_leaf l join audit_event e on e.tenant = l.tenant and e.event_id = l.event_id
    where l.tenant = ${tenant} and l.seq > ${after} order by l.seq limit ${limit}`;
}
