import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { asc, getTableColumns, inArray, lte, sql } from "drizzle-orm";
import { type MemoryRow, memoryItem } from "./tables.ts";

const MAX_ROWS = 500;

/** What these runs, or these sessions, remembered: of each the 500 oldest, oldest first. */
export async function listMemoriesOf(
  tx: Tx,
  owner: "runId" | "sessionId",
  ids: readonly string[],
): Promise<MemoryRow[]> {
  const column = memoryItem[owner];
  const query = queryOn(tx);
  const numbered = query
    .select({
      ...getTableColumns(memoryItem),
      place: sql<number>`row_number() over (partition by ${column} order by ${memoryItem.memoryId})`.as("place"),
    })
    .from(memoryItem)
    .where(inArray(column, [...ids]))
    .as("numbered");
  return query.select().from(numbered).where(lte(numbered.place, MAX_ROWS)).orderBy(asc(numbered.memoryId));
}
