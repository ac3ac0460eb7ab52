import type { Tx } from "@soma/shared/postgres/connect";

/** Tenants that have events no seal covers, by name after one; each is found by a step in the index, however many events wait. */
export async function listUnsealedTenants(
  tx: Tx,
  { after, limit }: { after: string; limit: number },
): Promise<string[]> {
  const rows = await tx<{ tenant: string }[]>`with recursive t (tenant, n) as (
      (select tenant, 1 from audit_unsealed where tenant > ${after} order by tenant limit 1)
      union all
      select (select u.tenant from audit_unsealed u where u.tenant > t.tenant order by u.tenant limit 1), n + 1
      from t where t.tenant is not null and n < ${limit}
    ) select tenant from t where tenant is not null`;
  return rows.map(({ tenant }) => tenant);
}
