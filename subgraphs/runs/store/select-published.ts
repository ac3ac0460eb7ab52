import { toEventKind } from "@soma/schemas/run-history";
import type { Sql } from "@soma/shared/postgres/connect";
import type { HistoryEvent } from "../domain/history.ts";
import type { RunFacts } from "../domain/published-events.ts";
import type { Used } from "../domain/spending.ts";
import type { MayReferRow } from "./find-values.ts";
import { historyColumns } from "./history-columns.ts";

/** Place of a journal row in the order in which rows are published. */
export interface RelayPosition {
  xid: string;
  runId: string;
  seq: number;
}

/** Its payload is as it is stored: what is told of most events stands beside what is large. */
export type StoredEvent = HistoryEvent & MayReferRow;

export interface UnpublishedRow {
  position: RelayPosition;
  event: StoredEvent;
  run: RunFacts;
  used: Used;
}

/** Of journal `j`, the rows that others hear of: as the index journal_unpublished says it, or Postgres does not use it. */
export const isPublished = (sql: Sql) => sql`j.kind in (1, 4, 5, 6, 7, 8, 11, 12, 13, 14, 30, 31, 40, 41)`;

/** Reads rows of the journal, given as a selection of it, with what of their run is published. */
export async function selectPublished(sql: Sql, rows: ReturnType<typeof isPublished>): Promise<UnpublishedRow[]> {
  const read = await sql<(RunFacts & StoredEvent & { xid: string; kindCode: number; used: Used })[]>`
    select j.xid::text as xid, ${historyColumns(sql)},
      r.tenant, r.session_id as "sessionId", r.graph, r.graph_version as "graphVersion", r.model_profile as "modelProfile", r.role,
      r.created_at as "createdAt", r.started_at as "startedAt", r.trace_parent as "traceParent", r.request_id as "requestId", r.parent_run_id as "parentRunId",
      r.idem_key as "idemKey",
      json_build_object('failed', bad.failed, 'denied', bad.denied, 'cut', bad.cut) as "badCalls",
      json_build_object('money', used.money, 'inputTokens', used.input, 'cachedTokens', used.cached, 'outputTokens', used.output,
        'modelCalls', used.models, 'toolCalls', used.tools) as used
    from (${rows}) j join run r on r.run_id = j.run_id
      -- counted for the events that end a run, and for no other
      cross join lateral (select count(*) filter (where not b.denied and not b.cut) as failed,
          count(*) filter (where b.denied) as denied, count(*) filter (where b.cut) as cut
        from in_effect(case when j.kind in (4, 5, 6) then j.run_id end) part
          join bad_call b on b.run_id = part.run_id and b.seq > part.after_seq and b.seq <= part.up_to) bad
      cross join lateral (select coalesce(sum((v.used).money), 0) as money, coalesce(sum(v.input_tokens), 0) as input,
          coalesce(sum(v.cached_tokens), 0) as cached, coalesce(sum(v.output_tokens), 0) as output,
          coalesce(sum((v.used).model_calls), 0) as models, coalesce(sum((v.used).tool_calls), 0) as tools
        from reservation v
        where v.tenant = r.tenant and v.run_id = case when j.kind in (4, 5, 6) then j.run_id end and v.settled_at is not null) used
    order by j.xid, j.run_id, j.seq`;
  // Hundreds a round: the row is taken for both instead of copied.
  return read.map((row) => ({
    position: { xid: row.xid, runId: row.runId, seq: row.seq },
    event: Object.assign(row, { kind: toEventKind(row.kindCode) }),
    run: row,
    used: row.used,
  }));
}
