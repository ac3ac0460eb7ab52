import type { Sql, Tx } from "@soma/shared/postgres/connect";
import type { Piece } from "../domain/packed.ts";

interface KeepPiecesParams {
  tenant: string;
  threadId: string;
  pieces: readonly Piece[];
}

/**
 * The first CTE of a statement that may keep pieces: one row, and with pieces the shared side of the lock that `releasePieces`
 * takes alone. So none is dropped between the look whether it is there and the row that says who has it.
 */
export function lockPieces(sql: Sql, { tenant, pieces }: KeepPiecesParams) {
  if (pieces.length === 0) return sql`locked as (select)`;
  return sql`locked as materialized (select pg_advisory_xact_lock_shared(${lockOf(sql, tenant)}))`;
}

/** The last CTEs of such a statement, after one named `kept` that has a row when it keeps anything. What is there is not written again. */
export function keepPieces(sql: Sql, { tenant, threadId, pieces }: KeepPiecesParams) {
  if (pieces.length === 0) return sql``;
  const hashes = pieces.map(({ sha256 }) => sha256);
  const bytes = pieces.map((piece) => Buffer.from(piece.bytes).toString("base64"));
  return sql`, given as materialized (
      select distinct on (g.sha256) decode(g.sha256, 'hex') as sha256, decode(g.bytes, 'base64') as bytes
        from kept cross join unnest(${hashes}::text[], ${bytes}::text[]) as g (sha256, bytes)
       order by g.sha256),
    stored as (
      insert into piece (tenant, sha256, bytes) select ${tenant}, sha256, bytes from given on conflict do nothing),
    used as (
      insert into piece_use (tenant, sha256, thread_id) select ${tenant}, sha256, ${threadId} from given
      on conflict do nothing)`;
}

/** The number of the lock of a tenant's pieces. */
export function lockOf(sql: Sql | Tx, tenant: string) {
  return sql`hashtextextended('langgraph/piece/' || ${tenant}::text, 0)`;
}
