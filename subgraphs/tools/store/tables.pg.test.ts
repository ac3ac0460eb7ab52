import { getTableConfig } from "drizzle-orm/pg-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createToolsFixture, type ToolsFixture } from "../testing/fixture.ts";
import { executor, invocation, streamFrame } from "./tables.ts";

interface MigratedColumn {
  name: string;
  type: string;
  notNull: boolean;
  /** Place in the primary key; null outside of it. */
  keyPlace: number | null;
}

describe("tables", () => {
  let fixture: ToolsFixture;
  beforeAll(async () => {
    fixture = await createToolsFixture("tools_tables");
  });
  afterAll(() => fixture.close());

  it("declare what the migrations made: names, types, nullability and primary keys", async () => {
    for (const table of [executor, invocation, streamFrame]) {
      const { name, columns, primaryKeys } = getTableConfig(table);
      const key = primaryKeys[0]?.columns ?? columns.filter((column) => column.primary);
      const declared = columns.map((column) => ({
        name: column.name,
        type: column.getSQLType(),
        notNull: column.notNull,
        keyPlace: key.some((part) => part.name === column.name)
          ? key.findIndex((part) => part.name === column.name) + 1
          : null,
      }));
      const migrated = await fixture.database.owner<MigratedColumn[]>`
        select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as "notNull",
          array_position(i.indkey::int2[], a.attnum) + 1 as "keyPlace"
        from pg_attribute a join pg_index i on i.indrelid = a.attrelid and i.indisprimary
        where a.attrelid = ${`${fixture.database.schema}.${name}`}::regclass and a.attnum > 0 and not a.attisdropped
        order by a.attnum`;
      expect(declared, name).toEqual([...migrated]);
    }
  });
});
