import type { Json } from "@soma/schemas/json";
import type { Tx } from "@soma/shared/postgres/connect";
import type { BigValue, Stored } from "../domain/big-values.ts";

/** A big value of a tenant. */
export type TenantValue = BigValue & { tenant: string };

/**
 * Keeps what rows refer to that the same transaction has written, each once for the tenant; rows that refer to nothing
 * cost nothing.
 */
export async function keepValues(
  tx: Tx,
  { tenant, stored }: { tenant: string; stored: readonly Stored<Json>[] },
): Promise<void> {
  const values = stored.flatMap((one) => one.values);
  if (values.length === 0) return;
  await tx`select keep_values(${values.map(() => tenant)}::text[], ${values.map(({ hash }) => hash)}::text[],
    ${values.map(({ text }) => text)}::text[])`;
}
