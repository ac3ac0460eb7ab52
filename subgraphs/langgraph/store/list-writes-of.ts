import type { Sql } from "@soma/shared/postgres/connect";
import type { CheckpointKey, TaskWrites } from "./rows.ts";

/** What tasks wrote on one checkpoint. */
export function listWritesOf(
  sql: Sql,
  { tenant, threadId, namespace, checkpointId }: CheckpointKey,
): Promise<TaskWrites[]> {
  return sql<TaskWrites[]>`
    select task_id as "taskId", task_path as "taskPath", writes from task_write
     where tenant = ${tenant} and thread_id = ${threadId} and checkpoint_ns = ${namespace}
       and checkpoint_id = ${checkpointId}`;
}
