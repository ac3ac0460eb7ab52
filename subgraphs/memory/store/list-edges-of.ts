import type { Tx } from "@soma/shared/postgres/connect";
import type { LinkPlace } from "../domain/link-cursor.ts";
import type { EdgeRow } from "./tables.ts";

interface ListEdgesOfParams {
  /** The memories that the links start at. */
  owners: readonly string[];
  /** Only links between these two places, and neither of them. */
  after: LinkPlace | undefined;
  before: LinkPlace | undefined;
  /** From the newest on instead of from the oldest. */
  backward: boolean;
  /** Of each owner at most. */
  limit: number;
}

interface ListedEdge extends EdgeRow, LinkPlace {}

/** One page of the links that start at each of these memories: oldest first unless asked otherwise. */
export async function listEdgesOf(tx: Tx, params: ListEdgesOfParams): Promise<ListedEdge[]> {
  const { owners, after, before, backward, limit } = params;
  const order = backward ? tx`desc` : tx`asc`;
  const place = ({ createdUs, relation, targetId }: LinkPlace) =>
    tx`('epoch'::timestamptz + ${createdUs}::float8 * interval '1 microsecond', ${relation}, ${targetId}::uuid)`;
  return tx<ListedEdge[]>`select e.* from unnest(${[...owners]}::uuid[]) as asked (id)
    cross join lateral (
      select tenant, source_id as "sourceId", relation, target_id as "targetId", created_at as "createdAt",
             (extract(epoch from created_at) * 1000000)::float8 as "createdUs"
        from memory_edge
       where source_id = asked.id
         ${after === undefined ? tx`` : tx`and (created_at, relation, target_id) > ${place(after)}`}
         ${before === undefined ? tx`` : tx`and (created_at, relation, target_id) < ${place(before)}`}
       order by created_at ${order}, relation ${order}, target_id ${order} limit ${limit}) e
    order by e."createdAt" ${order}, e.relation ${order}, e."targetId" ${order}`;
}
