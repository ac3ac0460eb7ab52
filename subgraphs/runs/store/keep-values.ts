import type { Json } from "@soma/schemas/json";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import type { BigValue, Stored } from "../domain/big-values.ts";

/** A big value of a tenant. */
export type TenantValue = BigValue & { tenant: string };

/** The statement that keeps values, each once for its tenant; in the order of their hashes, as whoever else keeps the same. */
export function keepValues(sql: Sql, values: readonly TenantValue[]) {
  return sql`insert into big_value (tenant, hash, value)
    select v.tenant, decode(v.hash, 'hex'), v.value::jsonb
      from unnest(${values.map(({ tenant }) => tenant)}::text[], ${values.map(({ hash }) => hash)}::text[],
        ${values.map(({ text }) => text)}::text[]) v(tenant, hash, value)
     order by v.tenant, v.hash on conflict do nothing`;
}

/** Keeps what a row refers to that the same transaction writes, and gives what stands in the row. */
export async function keepStored<T extends Json>(
  tx: Tx,
  { tenant, stored }: { tenant: string; stored: Stored<T> },
): Promise<T> {
  const values = stored.values.map((value) => ({ ...value, tenant }));
  if (values.length > 0) await keepValues(tx, values);
  return stored.json;
}
