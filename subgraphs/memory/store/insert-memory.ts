import type { Tx } from "@soma/shared/postgres/connect";
import { tokensOfMemory } from "../domain/script-tokens.ts";
import type { MemoryRow } from "./tables.ts";

/**
 * Keeps a memory, of which SomaBrain has given no proof yet. Belongs under its key base's lock, after `listMemoriesOfKeyBase` gave
 * none like it. False when the same one is being forgotten and has not gone yet.
 */
export async function insertMemory(tx: Tx, row: MemoryRow): Promise<boolean> {
  const { count } =
    await tx`with kept as (insert into memory_item (tenant, memory_id, namespace, session_id, role, kind, content, meta, at,
      run_id, step_id, idem_key_base, idem_suffix, somabrain_key, created_at, subject, tokens)
    values (${row.tenant}, ${row.memoryId}, ${row.namespace}, ${row.sessionId}, ${row.role}, ${row.kind},
      ${row.content}, ${tx.json(row.meta as never)}, ${row.at}, ${row.runId}, ${row.stepId}, ${row.idemKeyBase},
      ${row.idemSuffix}, ${row.somabrainKey}, ${row.createdAt}, ${row.subject},
      ${tokensOfMemory(row.content)})
    on conflict do nothing returning tenant, memory_id)
    insert into memory_unsynced (tenant, memory_id) select tenant, memory_id from kept`;
  return count === 1;
}
