import type { Tx } from "@soma/shared/postgres/connect";

/** Makes what was refused due at once; how many. */
export async function retryRefused(tx: Tx): Promise<number> {
  const rows = await tx`update memory_unsynced set due_at = '-infinity', attempts = 0, fault = null
    where attempts > 0 returning 1`;
  return rows.length;
}

interface RequeueParams {
  /** Memories of the transaction's tenant; undefined for all, the newest first. */
  memoryIds?: readonly string[] | undefined;
  /** Kept since then. */
  since?: Date | undefined;
  limit: number;
}

/** Waits for a proof of memories again; how many had one. */
export async function requeueUnsynced(tx: Tx, { memoryIds, since, limit }: RequeueParams): Promise<number> {
  const rows = await tx`
    insert into memory_unsynced (tenant, memory_id)
      select tenant, memory_id from memory_item i
       where tenant = current_setting('soma.tenant')
         ${memoryIds === undefined ? tx`` : tx`and memory_id = any (${[...memoryIds]}::uuid[])`}
         ${since === undefined ? tx`` : tx`and created_at >= ${since}`}
         and not exists (select from memory_unsynced u where u.tenant = i.tenant and u.memory_id = i.memory_id)
       order by memory_id desc limit ${limit}
    on conflict do nothing returning 1`;
  return rows.length;
}
