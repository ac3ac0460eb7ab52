import { drizzle, type PgRemoteDatabase } from "drizzle-orm/pg-proxy";
import type { Tx } from "./connect.ts";

/**
 * Drizzle's typed queries inside our transaction. Only for reads: the proxy driver is used because the postgres-js one
 * changes the parsers of the shared connection pool, and because jsonb parameters would be encoded twice.
 */
export function queryOn(tx: Tx): PgRemoteDatabase {
  return drizzle(async (text, params) => ({ rows: await tx.unsafe(text, params as never[]).values() }));
}
