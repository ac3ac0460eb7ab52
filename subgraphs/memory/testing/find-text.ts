import type { TestDatabase } from "@soma/shared/testing/database";

/** The tables of the schema in which some row says this: as text, or as bytes. */
export async function findText({ owner, schema }: TestDatabase, text: string): Promise<string[]> {
  const bytes = Buffer.from(text).toString("hex");
  const tables = await owner<{ name: string }[]>`select table_name as name from information_schema.tables
    where table_schema = ${schema} and table_type = 'BASE TABLE' order by 1`;
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await owner`select 1 from ${owner(name)} t
      where position(${text} in t::text) > 0 or position(${bytes} in t::text) > 0 limit 1`;
    if (rows.length > 0) found.push(name);
  }
  return found;
}
