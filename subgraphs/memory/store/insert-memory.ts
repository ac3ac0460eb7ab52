import type { Tx } from "@soma/shared/postgres/connect";
import type { MemoryRow } from "./tables.ts";

/** Keeps a memory, of which SomaBrain has no proof yet. Belongs under its key base's lock, after `listMemoriesOfKeyBase` gave none like it. */
export async function insertMemory(tx: Tx, row: MemoryRow): Promise<void> {
  await tx`with kept as (insert into memory_item (tenant, memory_id, namespace, session_id, role, kind, content, meta, at,
      run_id, step_id, idem_key_base, idem_suffix, somabrain_key, created_at)
    values (${row.tenant}, ${row.memoryId}, ${row.namespace}, ${row.sessionId}, ${row.role}, ${row.kind},
      ${row.content}, ${tx.json(row.meta as never)}, ${row.at}, ${row.runId}, ${row.stepId}, ${row.idemKeyBase},
      ${row.idemSuffix}, ${row.somabrainKey}, ${row.createdAt}) returning tenant, memory_id)
    insert into memory_unsynced (tenant, memory_id) select tenant, memory_id from kept`;
}
