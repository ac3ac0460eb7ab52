import type { RequestContext } from "@soma/shared/graphql/context";
import { createPageLoader } from "@soma/shared/graphql/page-loader";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import DataLoader from "dataloader";
import { findMemories } from "../store/find-memories.ts";
import { listEdgesOf } from "../store/list-edges-of.ts";
import { listMemoriesOf } from "../store/list-memories-of.ts";
import type { MemoryRow } from "../store/tables.ts";

/** Reads of one request: each asks once for all that the request names. */
export function loadersOf(sql: Sql, context: RequestContext) {
  const { tenant } = context.principal;
  return context.once(loadersOf, () => ({
    memory: new DataLoader<string, MemoryRow | undefined>(async (memoryIds) => {
      const found = await transaction(sql, { tenant }, (tx) => findMemories(tx, { memoryIds }));
      const rows = new Map(found.map((row) => [row.memoryId, row]));
      return memoryIds.map((id) => rows.get(id));
    }),
    /** The links that start at each memory, oldest first. */
    links: createPageLoader({ sql, tenant, list: listEdgesOf, ownerOf: (edge) => edge.sourceId }),
    run: memoriesOf(sql, tenant, "runId"),
    session: memoriesOf(sql, tenant, "sessionId"),
  }));
}

/** The memories of each run, or of each session, oldest first. */
function memoriesOf(sql: Sql, tenant: string, by: "runId" | "sessionId") {
  return createPageLoader<string, MemoryRow>({
    sql,
    tenant,
    list: (tx, params) => listMemoriesOf(tx, { ...params, by }),
    ownerOf: (row) => row[by],
  });
}
