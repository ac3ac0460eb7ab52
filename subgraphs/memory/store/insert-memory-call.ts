import type { Tx } from "@soma/shared/postgres/connect";
import type { MemoryCallRow } from "./tables.ts";

/** Makes a caller's idempotency key stand for a memory. Belongs under the key's lock; the key must be free. */
export async function insertMemoryCall(tx: Tx, call: Omit<MemoryCallRow, "forgottenAt">): Promise<void> {
  await tx`insert into memory_call (tenant, call_key, digest, memory_id)
    values (${call.tenant}, ${call.callKey}, ${call.digest}, ${call.memoryId})`;
}
