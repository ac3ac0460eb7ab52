import type { Tx } from "@soma/shared/postgres/connect";

interface Untold {
  tenant: string;
  memoryId: string;
  content: string;
}

/** Memories of all tenants whose tokens were never made and nobody else is making; they stay locked. The worker's. */
export async function takeWithoutTokens(tx: Tx, { limit }: { limit: number }): Promise<Untold[]> {
  return tx<Untold[]>`select tenant, memory_id as "memoryId", content from memory_item
    where tokens is null order by memory_id limit ${limit} for no key update skip locked`;
}

/** Keeps what they are found by. The worker's. */
export async function fillTokens(tx: Tx, { rows }: { rows: (Omit<Untold, "content"> & { tokens: string[] })[] }) {
  await tx`update memory_item m set tokens = array(select jsonb_array_elements_text(v.tokens))
    from jsonb_to_recordset(${tx.json(rows)}) as v("tenant" text, "memoryId" uuid, "tokens" jsonb)
    where m.tenant = v.tenant and m.memory_id = v."memoryId" and m.tokens is null`;
}
