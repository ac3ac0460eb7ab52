import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { asc, getTableColumns, inArray, lte, sql } from "drizzle-orm";
import { type EdgeRow, memoryEdge } from "./tables.ts";

const MAX_LINKS = 100;

/** Links that start at these memories, of each the 100 oldest, oldest first. */
export async function findEdges(tx: Tx, sourceIds: readonly string[]): Promise<EdgeRow[]> {
  const place = sql<number>`row_number() over (partition by ${memoryEdge.sourceId} order by ${memoryEdge.createdAt}, ${memoryEdge.relation}, ${memoryEdge.targetId})`;
  const query = queryOn(tx);
  const numbered = query
    .select({ ...getTableColumns(memoryEdge), place: place.as("place") })
    .from(memoryEdge)
    .where(inArray(memoryEdge.sourceId, [...sourceIds]))
    .as("numbered");
  return query
    .select()
    .from(numbered)
    .where(lte(numbered.place, MAX_LINKS))
    .orderBy(asc(numbered.sourceId), asc(numbered.place));
}
