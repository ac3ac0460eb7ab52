import type { Tx } from "@soma/shared/postgres/connect";
import { memoryColumns } from "./memory-columns.ts";
import type { MemoryRow } from "./tables.ts";

/** The newest memories of the transaction's tenant that SomaBrain has proved to have. */
export async function listSynced(tx: Tx, { limit }: { limit: number }): Promise<MemoryRow[]> {
  return tx<MemoryRow[]>`select ${memoryColumns(tx)} from memory_item i
    where tenant = current_setting('soma.tenant')
      and not exists (select from memory_unsynced u where u.tenant = i.tenant and u.memory_id = i.memory_id)
    order by memory_id desc limit ${limit}`;
}
