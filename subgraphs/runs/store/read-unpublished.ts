import { toEventKind } from "@soma/schemas/run-history";
import type { Sql } from "@soma/shared/postgres/connect";
import type { HistoryEvent } from "../domain/history.ts";
import type { RunFacts } from "../domain/published-events.ts";

export interface RelayPosition {
  xid: string;
  runId: string;
  seq: number;
}

export interface UnpublishedRow {
  position: RelayPosition;
  event: HistoryEvent;
  run: RunFacts;
}

/**
 * Journal rows after a position, in the order of their transactions; only those whose transaction no older one can still
 * overtake. `kinds` are the rows that others hear of.
 */
export async function readUnpublished(
  sql: Sql,
  { after, kinds, limit }: { after: RelayPosition; kinds: readonly number[]; limit: number },
): Promise<UnpublishedRow[]> {
  const rows = await sql<(RunFacts & HistoryEvent & { xid: string; kindCode: number })[]>`
    select j.xid::text as xid, j.run_id as "runId", j.seq, j.at, j.kind as "kindCode", j.step, j.node, j.node_type as "nodeType", j.attempt, j.payload,
      encode(j.payload_hash, 'hex') as "payloadHash", encode(j.hash, 'hex') as hash,
      r.tenant, r.session_id as "sessionId", r.graph, r.graph_version as "graphVersion", r.model_profile as "modelProfile", r.role,
      r.created_at as "createdAt", r.started_at as "startedAt", r.trace_parent as "traceParent",
      json_build_object('failed', bad.failed, 'denied', bad.denied) as "badCalls"
    from journal j join run r on r.run_id = j.run_id
      -- counted for the events that end a run, and for no other
      cross join lateral (select count(*) filter (where not b.denied) as failed, count(*) filter (where b.denied) as denied
        from bad_call b where b.run_id = j.run_id and j.kind in (4, 5, 6)) bad
    where j.xid >= ${after.xid}::xid8 and j.xid < pg_snapshot_xmin(pg_current_snapshot())
      and (j.xid, j.run_id, j.seq) > (${after.xid}::xid8, ${after.runId}::uuid, ${after.seq}::int)
      and j.kind = any (${[...kinds]}::smallint[])
    order by j.xid, j.run_id, j.seq limit ${limit}`;
  return rows.map(({ xid, kindCode, ...row }) => ({
    position: { xid, runId: row.runId, seq: row.seq },
    event: { ...row, kind: toEventKind(kindCode) },
    run: row,
  }));
}
