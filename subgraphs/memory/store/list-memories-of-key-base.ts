import type { Tx } from "@soma/shared/postgres/connect";
import { memoryColumns } from "./memory-columns.ts";
import type { MemoryRow } from "./tables.ts";

/** Every memory under one key base: the same parts, with or without a suffix. */
export async function listMemoriesOfKeyBase(
  tx: Tx,
  { tenant, namespace, idemKeyBase }: { tenant: string; namespace: string; idemKeyBase: string },
): Promise<MemoryRow[]> {
  return tx<MemoryRow[]>`select ${memoryColumns(tx)} from memory_item
    where tenant = ${tenant} and namespace = ${namespace} and idem_key_base = ${idemKeyBase}`;
}
