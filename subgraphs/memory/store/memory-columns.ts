import type { Tx } from "@soma/shared/postgres/connect";

/** A memory's columns under the names `MemoryRow` has, for a select. */
export function memoryColumns(tx: Tx) {
  return tx`tenant, memory_id as "memoryId", namespace, session_id as "sessionId", role, kind, content, meta, at,
    run_id as "runId", step_id as "stepId", idem_key_base as "idemKeyBase", idem_suffix as "idemSuffix",
    somabrain_key as "somabrainKey", created_at as "createdAt", subject`;
}
