import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { asc, inArray } from "drizzle-orm";
import { type EdgeRow, memoryEdge } from "./tables.ts";

/** False when the link exists already. */
export async function insertEdge(tx: Tx, edge: { tenant: string; sourceId: string; relation: string; targetId: string }): Promise<boolean> {
  const rows = await tx`insert into memory_edge (tenant, source_id, relation, target_id)
    values (${edge.tenant}, ${edge.sourceId}, ${edge.relation}, ${edge.targetId}) on conflict do nothing returning 1`;
  return rows.length === 1;
}

/** Links that start at these memories, oldest first. */
export async function findEdges(tx: Tx, sourceIds: readonly string[]): Promise<EdgeRow[]> {
  return queryOn(tx)
    .select()
    .from(memoryEdge)
    .where(inArray(memoryEdge.sourceId, [...sourceIds]))
    .orderBy(asc(memoryEdge.createdAt));
}
