import type { Json } from "@soma/schemas/json";
import type { Sql } from "@soma/shared/postgres/connect";
import { referredBy, toWhole } from "../domain/big-values.ts";

/** What a row has that may refer to big values: `bigOf` is its tenant then, and null of all others. */
export interface MayReferRow {
  bigOf: string | null;
}

/** Whether what is stored in a column refers to big values, for a select: the tenant that has them. */
export function bigOf(sql: Sql, { tenant, stored }: { tenant: string; stored: string }) {
  return sql`case when ${sql(stored)} ? 'soma:big' then ${sql(tenant)} end as "bigOf"`;
}

/**
 * Rows whose `field` is whole again. What they refer to is read by one statement, each value once however many rows
 * refer to it; rows that refer to nothing cost none.
 */
export async function withWhole<F extends string, T extends MayReferRow & Record<F, unknown>>(
  sql: Sql,
  { rows, field, nameOf }: { rows: readonly T[]; field: F; nameOf(row: T): string },
): Promise<Omit<T, "bigOf">[]> {
  const found = await findValues(
    sql,
    rows.flatMap((row) => refersTo(row, row[field] as Json)),
  );
  return rows.map((row) => {
    const { bigOf: tenant, ...rest } = row;
    if (tenant === null) return rest;
    const values = found.get(tenant) ?? new Map();
    return { ...rest, [field]: toWhole(nameOf(row), row[field] as Json, values) };
  });
}

interface Reference {
  tenant: string;
  hash: string;
}

function refersTo({ bigOf: tenant }: MayReferRow, stored: Json): Reference[] {
  return tenant === null ? [] : referredBy(stored).map((hash) => ({ tenant, hash }));
}

/** Values by tenant and hash; those that are not there are left out. */
async function findValues(sql: Sql, references: readonly Reference[]): Promise<Map<string, Map<string, Json>>> {
  if (references.length === 0) return new Map();
  const rows = await sql<(Reference & { value: Json })[]>`
    select v.tenant, encode(v.hash, 'hex') as hash, v.value
      from (select distinct r.tenant, decode(r.hash, 'hex') as hash
          from unnest(${references.map(({ tenant }) => tenant)}::text[], ${references.map(({ hash }) => hash)}::text[]) r(tenant, hash)) r
        join big_value v on v.tenant = r.tenant and v.hash = r.hash`;
  const byTenant = Map.groupBy(rows, ({ tenant }) => tenant);
  return new Map([...byTenant].map(([tenant, own]) => [tenant, new Map(own.map(({ hash, value }) => [hash, value]))]));
}
