import type { Tx } from "@soma/shared/postgres/connect";

/** False when the link exists already. */
export async function insertEdge(
  tx: Tx,
  edge: { tenant: string; sourceId: string; relation: string; targetId: string },
): Promise<boolean> {
  const rows = await tx`insert into memory_edge (tenant, source_id, relation, target_id)
    values (${edge.tenant}, ${edge.sourceId}, ${edge.relation}, ${edge.targetId}) on conflict do nothing returning 1`;
  return rows.length === 1;
}
