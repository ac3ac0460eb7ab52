import { EVENT_KIND } from "@soma/schemas/run-history";
import type { Sql } from "@soma/shared/postgres/connect";
import type { PendingQuery } from "postgres";
import type { HistoryEvent } from "../domain/history.ts";
import type { TenantValue } from "./keep-values.ts";

/** Which incarnation writes: its row, its generation, and the number of its locks. */
export interface Incarnation {
  workerId: string;
  gen: number;
  no: number;
}

/** When a run is due that nobody owns. */
export interface RunWait {
  /** Milliseconds from now; null waits for somebody to ask. */
  ms: number | null;
  /** Name of the signal that makes it due, and how many of any name had come when none of them was that one. */
  signal: { name: string; seen: number } | null;
  /** Whether a person is waited for. */
  isAsking?: boolean;
}

export interface BatchRow {
  event: HistoryEvent;
  /** The event's payload as it is stored. */
  text: string;
  /** What that refers to and may not be kept yet. */
  values: readonly TenantValue[];
  epoch: number;
  /** The run's status with this event; null leaves it running. */
  status: number | null;
  /** What a run waits for that is parked or paused with this event; undefined for any other. */
  wait: RunWait | undefined;
}

/**
 * Appends rows as one statement, with the big values they refer to; the answer holds each run that is still ours with
 * its control bits. The locking is in 0015-parked-runs.sql.
 */
export async function commitBatch(
  sql: Sql,
  { owner, rows }: { owner: Incarnation; rows: readonly BatchRow[] },
): Promise<Map<string, number>> {
  const column = <T>(pick: (row: BatchRow) => T): T[] => rows.map(pick);
  // The driver looks at each item of an array for what it must quote; numbers, ids and hashes have nothing of it.
  const bare = (pick: (row: BatchRow) => string | number | null): string =>
    `{${rows.map((row) => pick(row) ?? "null").join(",")}}`;
  const append = sql<Answer[]>`
    select run_id, control from commit_batch(${owner.no}::int, ${owner.workerId}::uuid, ${owner.gen}::int,
      ${bare((r) => r.event.runId)}::uuid[], ${bare((r) => r.event.seq)}::int[], ${bare((r) => r.epoch)}::int[],
      ${bare((r) => EVENT_KIND[r.event.kind])}::smallint[], ${bare((r) => r.event.step)}::int[],
      ${column((r) => r.event.node)}::text[], ${column((r) => r.event.nodeType)}::text[], ${bare((r) => r.event.attempt)}::smallint[],
      ${bare((r) => r.event.at.toISOString())}::timestamptz[], ${column((r) => r.text)}::text[],
      ${bare((r) => r.event.payloadHash)}::text[], ${bare((r) => r.event.hash)}::text[], ${bare((r) => r.status)}::smallint[],
      ${bare((r) => r.wait?.ms ?? null)}::bigint[], ${column((r) => r.wait?.signal?.name ?? null)}::text[],
      ${bare((r) => r.wait?.signal?.seen ?? null)}::int[])`;
  const values = rows.flatMap((row) => row.values.map((value) => ({ ...value, runId: row.event.runId })));
  const answer = await (values.length === 0 ? append : appendAndKeep(sql, append, values));
  return new Map(answer.map((row) => [row.run_id, row.control]));
}

interface Answer {
  run_id: string;
  control: number;
}

/** Of rows that were refused, because their run is another's now, nothing is kept: nobody would refer to it. */
function appendAndKeep(sql: Sql, append: PendingQuery<Answer[]>, values: readonly (TenantValue & { runId: string })[]) {
  const column = (pick: (value: TenantValue & { runId: string }) => string): string[] => values.map(pick);
  return sql<Answer[]>`
    with appended as materialized (${append}),
      kept as (select keep_values(array_agg(v.tenant), array_agg(v.hash), array_agg(v.value))
        from unnest(${column((v) => v.runId)}::uuid[], ${column((v) => v.tenant)}::text[], ${column((v) => v.hash)}::text[],
          ${column((v) => v.text)}::text[]) v(run_id, tenant, hash, value)
       where v.run_id in (select run_id from appended))
    select run_id, control from appended cross join kept`;
}
