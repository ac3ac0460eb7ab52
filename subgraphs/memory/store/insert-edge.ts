import type { Tx } from "@soma/shared/postgres/connect";
import type { EdgeRow } from "./tables.ts";

/** Links two memories that exist. False when the link exists already. */
export async function insertEdge(tx: Tx, edge: Omit<EdgeRow, "createdAt">): Promise<boolean> {
  const rows = await tx`insert into memory_edge (tenant, source_id, relation, target_id)
    values (${edge.tenant}, ${edge.sourceId}, ${edge.relation}, ${edge.targetId}) on conflict do nothing returning 1`;
  return rows.length === 1;
}
