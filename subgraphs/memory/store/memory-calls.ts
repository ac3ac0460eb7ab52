import type { Tx } from "@soma/shared/postgres/connect";

export interface MemoryCall {
  tenant: string;
  callKey: string;
  /** Digest of the body the key was used with. */
  digest: string;
  memoryId: string;
}

/** What a caller's idempotency key stands for. */
export async function findMemoryCall(tx: Tx, tenant: string, callKey: string): Promise<MemoryCall | undefined> {
  const [row] = await tx<
    MemoryCall[]
  >`select tenant, call_key as "callKey", digest, memory_id as "memoryId" from memory_call where tenant = ${tenant} and call_key = ${callKey}`;
  return row;
}

export async function insertMemoryCall(tx: Tx, call: MemoryCall): Promise<void> {
  await tx`insert into memory_call (tenant, call_key, digest, memory_id) values (${call.tenant}, ${call.callKey}, ${call.digest}, ${call.memoryId})`;
}
