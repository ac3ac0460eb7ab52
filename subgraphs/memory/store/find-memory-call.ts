import type { Tx } from "@soma/shared/postgres/connect";
import type { MemoryCallRow } from "./tables.ts";

/** What a caller's idempotency key stands for. */
export async function findMemoryCall(
  tx: Tx,
  { tenant, callKey }: { tenant: string; callKey: string },
): Promise<MemoryCallRow | undefined> {
  const [row] = await tx<MemoryCallRow[]>`select tenant, call_key as "callKey", digest, memory_id as "memoryId",
      forgotten_at as "forgottenAt"
    from memory_call where tenant = ${tenant} and call_key = ${callKey}`;
  return row;
}
