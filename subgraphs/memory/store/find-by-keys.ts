import type { Tx } from "@soma/shared/postgres/connect";
import { memoryColumns } from "./memory-columns.ts";
import type { MemoryRow } from "./tables.ts";

/** Memories of the transaction's tenant by their keys, in no order; keys that nobody has are left out. */
export async function findByKeys(
  tx: Tx,
  { namespace, keys }: { namespace: string; keys: readonly string[] },
): Promise<MemoryRow[]> {
  return tx<MemoryRow[]>`select ${memoryColumns(tx)} from memory_item
    where tenant = current_setting('soma.tenant') and namespace = ${namespace} and somabrain_key = any (${[...keys]}::text[])`;
}
