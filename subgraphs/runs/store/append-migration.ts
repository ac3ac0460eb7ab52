import { EVENT_KIND } from "@soma/schemas/run-history";
import type { Sql } from "@soma/shared/postgres/connect";
import { toStoredPayload } from "../domain/big-values.ts";
import type { HistoryEvent } from "../domain/history.ts";

export interface AppendMigrationParams {
  event: HistoryEvent;
  /** As it was when it was looked at: false is given, with nothing changed, when somebody had the run since. */
  epoch: number;
  to: { version: number; hash: string };
}

/**
 * Pins a run that nobody has to another version of its graph, and appends the event that says so: one statement.
 * Without an owner there is no fence to take; whoever claims the run at the same time waits for its row, and finds
 * another epoch.
 */
export async function appendMigration(sql: Sql, { event, epoch, to }: AppendMigrationParams): Promise<boolean> {
  const { json, values } = toStoredPayload(event.payload);
  const rows = await sql`
    with taken as (
      update run set graph_version = ${to.version}, graph_hash = ${to.hash}, epoch = epoch + 1
       where run_id = ${event.runId} and epoch = ${epoch} and status in (0, 2, 3, 4)
      returning run_id, tenant, epoch, branch),
    appended as (insert into journal (run_id, seq, tenant, epoch, branch, kind, step, attempt, at, payload, payload_hash, hash)
      select run_id, ${event.seq}, tenant, epoch, branch, ${EVENT_KIND[event.kind]}, 0, 0, ${event.at}, ${sql.json(json as never)},
        decode(${event.payloadHash}, 'hex'), decode(${event.hash}, 'hex') from taken)
    select keep_values(array_fill(tenant, array[${values.length}::int]), ${values.map(({ hash }) => hash)}::text[],
      ${values.map(({ text }) => text)}::text[]) from taken`;
  return rows.length === 1;
}
