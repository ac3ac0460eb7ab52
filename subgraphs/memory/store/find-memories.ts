import type { Tx } from "@soma/shared/postgres/connect";
import { memoryColumns } from "./memory-columns.ts";
import type { MemoryRow } from "./tables.ts";

/** The memories of these ids that the transaction's tenant has, in no order; ids that are not found are left out. */
export async function findMemories(tx: Tx, { memoryIds }: { memoryIds: readonly string[] }): Promise<MemoryRow[]> {
  return tx<
    MemoryRow[]
  >`select ${memoryColumns(tx)} from memory_item where memory_id = any (${[...memoryIds]}::uuid[])`;
}
