import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { inArray } from "drizzle-orm";
import { type SessionRow, session } from "./tables.ts";

/** The sessions of these ids that the transaction's tenant has. */
export async function findSessions(tx: Tx, { sessionIds }: { sessionIds: readonly string[] }): Promise<SessionRow[]> {
  return queryOn(tx)
    .select()
    .from(session)
    .where(inArray(session.sessionId, [...sessionIds]));
}
