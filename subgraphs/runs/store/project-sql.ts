import type { JsonObject } from "@soma/schemas/json";
import type { Tx } from "@soma/shared/postgres/connect";

/** Executes a statement in the tables of the project, inside the transaction that ends its step; see 0033. */
export async function projectSql(
  tx: Tx,
  { statement, values }: { statement: string; values: readonly (string | null)[] },
): Promise<JsonObject[]> {
  const rows = await tx<{ given: JsonObject }[]>`
    select given from project_sql(${statement}, ${values as (string | null)[]}::text[]) given`;
  return rows.map(({ given }) => given);
}
