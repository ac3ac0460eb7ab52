import type { Sql } from "@soma/shared/postgres/connect";

/** Tenants with reservations whose run has ended, waits, or is another's by now. */
export async function listOrphanedTenants(sql: Sql): Promise<string[]> {
  const rows = await sql<{ tenant: string }[]>`
    select distinct x.tenant from reservation x
     where x.settled_at is null and x.freed_at is null and not exists (
       select from run r where r.run_id = x.run_id and r.tenant = x.tenant and r.status = 1 and r.epoch = x.epoch)`;
  return rows.map(({ tenant }) => tenant);
}
