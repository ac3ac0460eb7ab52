import type { Sql } from "@soma/shared/postgres/connect";

/** Tenants that have runs, or rows of runs that went away. It goes from one to the next by the index, whatever lies between. */
export async function listTenants(sql: Sql): Promise<string[]> {
  const rows = await sql<{ tenant: string }[]>`
    with recursive one as (
      (select tenant from run order by tenant limit 1)
      union all
      select (select r.tenant from run r where r.tenant > one.tenant order by r.tenant limit 1) from one where one.tenant is not null)
    select tenant from one where tenant is not null union select tenant from retired`;
  return rows.map(({ tenant }) => tenant);
}
