import type { Tx } from "@soma/shared/postgres/connect";
import type { ForgetScope } from "../domain/forget-scope.ts";

/** How many memories an order to forget would take, and how many links. */
export async function countForgettable(
  tx: Tx,
  { scope, target }: ForgetScope,
): Promise<{ memories: number; links: number }> {
  const column = tx({ MEMORY: "memory_id", SESSION: "session_id", SUBJECT: "subject" }[scope]);
  const type = scope === "SUBJECT" ? tx`text` : tx`uuid`;
  const [row] = await tx<{ memories: number; links: number }[]>`
    with meant as materialized (select tenant, memory_id from memory_item where ${column} = ${target}::${type})
    select (select count(*)::int from meant) as memories,
      (select count(*)::int from (
        select e.tenant, source_id, relation, target_id from memory_edge e join meant m on m.memory_id = e.source_id
        union
        select e.tenant, source_id, relation, target_id from memory_edge e join meant m on m.memory_id = e.target_id) l)
        as links`;
  return row ?? { memories: 0, links: 0 };
}
