import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { and, eq, inArray } from "drizzle-orm";
import { type MemoryRow, memoryItem } from "./tables.ts";

/** The memories of these ids. */
export async function findMemories(tx: Tx, ids: readonly string[]): Promise<MemoryRow[]> {
  return queryOn(tx)
    .select()
    .from(memoryItem)
    .where(inArray(memoryItem.memoryId, [...ids]));
}

/** Every memory under one key base: the same parts, with or without a suffix. */
export async function findByKeyBase(
  tx: Tx,
  params: { tenant: string; namespace: string; idemKeyBase: string },
): Promise<MemoryRow[]> {
  return queryOn(tx)
    .select()
    .from(memoryItem)
    .where(
      and(
        eq(memoryItem.tenant, params.tenant),
        eq(memoryItem.namespace, params.namespace),
        eq(memoryItem.idemKeyBase, params.idemKeyBase),
      ),
    );
}
