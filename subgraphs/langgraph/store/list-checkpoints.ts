import type { Sql } from "@soma/shared/postgres/connect";
import { checkpointColumns } from "./checkpoint-columns.ts";
import type { CheckpointKey, CheckpointRow } from "./rows.ts";

interface ListCheckpointsParams {
  tenant: string;
  threadId: string | undefined;
  namespace: string | undefined;
  checkpointId: string | undefined;
  /** Only older ones. */
  before: string | undefined;
  /** What the metadata must say, name by name. */
  filter: object;
  /** The last one of the page before. */
  after: Omit<CheckpointKey, "tenant"> | undefined;
  limit: number;
}

/** One page of checkpoints, newest first. */
export function listCheckpoints(sql: Sql, params: ListCheckpointsParams): Promise<CheckpointRow[]> {
  const { tenant, threadId, namespace, checkpointId, before, after, limit } = params;
  const filter = JSON.stringify(params.filter);
  const only = (condition: boolean, text: ReturnType<Sql>) => (condition ? sql`and ${text}` : sql``);
  return sql<CheckpointRow[]>`
    select ${checkpointColumns(sql)}
      from checkpoint c
      join thread t on t.tenant = c.tenant and t.thread_id = c.thread_id and t.checkpoint_ns = c.checkpoint_ns
     where c.tenant = ${tenant}
       ${only(threadId !== undefined, sql`c.thread_id = ${threadId ?? ""}`)}
       ${only(namespace !== undefined, sql`c.checkpoint_ns = ${namespace ?? ""}`)}
       ${only(checkpointId !== undefined, sql`c.checkpoint_id = ${checkpointId ?? ""}`)}
       ${only(before !== undefined, sql`c.checkpoint_id < ${before ?? ""}`)}
       ${only(
         after !== undefined,
         sql`(c.checkpoint_id, c.thread_id, c.checkpoint_ns)
             < (${after?.checkpointId ?? ""}, ${after?.threadId ?? ""}, ${after?.namespace ?? ""})`,
       )}
       and not exists (select from jsonb_each(${filter}::text::jsonb) f where c.metadata -> f.key is distinct from f.value)
     order by c.checkpoint_id desc, c.thread_id desc, c.checkpoint_ns desc
     limit ${limit}`;
}
