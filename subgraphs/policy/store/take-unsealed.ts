import type { Tx } from "@soma/shared/postgres/connect";
import { auditColumns } from "./audit-columns.ts";
import type { AuditRow } from "./tables.ts";

/** What was taken out, and the events among it: an id that is of none, or of one with a seal, is taken out and no more. */
export interface Taken {
  taken: number;
  events: AuditRow[];
}

/** Takes the oldest events out that no seal covers. They are to be sealed in the same transaction. */
export async function takeUnsealed(tx: Tx, { tenant, limit }: { tenant: string; limit: number }): Promise<Taken> {
  const taken = await tx<{ eventId: string }[]>`delete from audit_unsealed
    where tenant = ${tenant} and event_id in (
      select event_id from audit_unsealed where tenant = ${tenant} order by event_id limit ${limit})
    returning event_id as "eventId"`;
  const ids = taken.map(({ eventId }) => eventId);
  const events = await tx<AuditRow[]>`select ${auditColumns(tx)} from audit_event e
    where tenant = ${tenant} and event_id = any(${ids}::uuid[])
      and not exists (select from audit_leaf l where l.tenant = e.tenant and l.event_id = e.event_id)
    order by event_id`;
  return { taken: ids.length, events };
}
