import type { Sql } from "@soma/shared/postgres/connect";
import { checkpointColumns } from "./checkpoint-columns.ts";
import type { CheckpointKey, CheckpointRow } from "./rows.ts";

type FindCheckpointParams = Omit<CheckpointKey, "checkpointId"> & { checkpointId: string | undefined };

/**
 * A checkpoint of a thread and namespace, the newest when none is named. Where there is none of that name, the thread's newest
 * is told; undefined where there is no thread.
 */
export async function findCheckpoint(
  sql: Sql,
  { tenant, threadId, namespace, checkpointId }: FindCheckpointParams,
): Promise<CheckpointRow | { checkpointId: null; headId: string } | undefined> {
  const [row] = await sql<(CheckpointRow | { checkpointId: null; headId: string })[]>`
    select ${checkpointColumns(sql)}
      from thread t
      left join checkpoint c on c.tenant = t.tenant and c.thread_id = t.thread_id and c.checkpoint_ns = t.checkpoint_ns
        and c.checkpoint_id = coalesce(${checkpointId ?? null}::text, t.head_id)
     where t.tenant = ${tenant} and t.thread_id = ${threadId} and t.checkpoint_ns = ${namespace}`;
  return row;
}
