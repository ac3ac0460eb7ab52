import type { Tx } from "@soma/shared/postgres/connect";
import type { MemoryRow } from "./tables.ts";

export type Gone = Pick<MemoryRow, "memoryId" | "namespace" | "somabrainKey" | "sessionId" | "runId">;

interface ForgetSomeParams {
  forgettingId: string;
  /** Memories at most. */
  limit: number;
  /** Characters after which no other memory is begun. */
  size: number;
}

/**
 * Takes some more of what was ordered to be forgotten, with its links and words, and gives what went; nothing when that was all.
 * Belongs under the lock of forgetting, held alone.
 */
export async function forgetSome(tx: Tx, { forgettingId, limit, size }: ForgetSomeParams): Promise<Gone[]> {
  return tx<Gone[]>`select memory_id as "memoryId", namespace, somabrain_key as "somabrainKey",
      session_id as "sessionId", run_id as "runId" from forget_some(${forgettingId}, ${limit}, ${size})`;
}
