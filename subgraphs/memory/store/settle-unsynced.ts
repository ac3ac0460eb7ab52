import type { Sql } from "@soma/shared/postgres/connect";

interface Place {
  tenant: string;
  memoryId: string;
}

const columns = (places: readonly Place[]): [string[], string[]] => [
  places.map(({ tenant }) => tenant),
  places.map(({ memoryId }) => memoryId),
];

/** Takes out what was proved. */
export async function settleUnsynced(sql: Sql, { proved }: { proved: readonly Place[] }): Promise<void> {
  if (proved.length === 0) return;
  const [tenants, ids] = columns(proved);
  await sql`delete from memory_unsynced u using unnest(${tenants}::text[], ${ids}::uuid[]) p(tenant, memory_id)
    where u.tenant = p.tenant and u.memory_id = p.memory_id`;
}

/** Puts off what was refused for what it is, each time twice as long, up to an hour: what it is may be accepted by a later build. */
export async function putOffUnsynced(
  sql: Sql,
  { refused }: { refused: readonly (Place & { fault: string })[] },
): Promise<void> {
  if (refused.length === 0) return;
  const [tenants, ids] = columns(refused);
  await sql`update memory_unsynced u set attempts = u.attempts + 1, fault = p.fault,
      due_at = clock_timestamp() + least(interval '1 hour', interval '1 minute' * power(2, least(u.attempts, 10)))
    from unnest(${tenants}::text[], ${ids}::uuid[], ${refused.map(({ fault }) => fault)}::text[]) p(tenant, memory_id, fault)
    where u.tenant = p.tenant and u.memory_id = p.memory_id`;
}
