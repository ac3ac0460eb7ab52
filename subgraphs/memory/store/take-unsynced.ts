import type { Sql } from "@soma/shared/postgres/connect";
import type { MemoryRow } from "./tables.ts";

/** The next memories that SomaBrain has not proved to have, oldest first: those that are due now. */
export async function takeUnsynced(sql: Sql, { limit }: { limit: number }): Promise<MemoryRow[]> {
  return sql<MemoryRow[]>`
    select i.tenant, i.memory_id as "memoryId", i.namespace, i.session_id as "sessionId", i.role, i.kind, i.content, i.meta, i.at,
        i.run_id as "runId", i.step_id as "stepId", i.idem_key_base as "idemKeyBase", i.idem_suffix as "idemSuffix",
        i.somabrain_key as "somabrainKey", i.created_at as "createdAt", i.subject
      from (select tenant, memory_id from memory_unsynced where due_at <= clock_timestamp() order by memory_id limit ${limit}) u
      join memory_item i on i.tenant = u.tenant and i.memory_id = u.memory_id
     order by i.memory_id`;
}
