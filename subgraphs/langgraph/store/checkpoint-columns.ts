import type { Sql } from "@soma/shared/postgres/connect";

/** The columns of a `CheckpointRow`, of a checkpoint `c` and its thread `t`. */
export function checkpointColumns(sql: Sql) {
  return sql`c.thread_id as "threadId", c.checkpoint_ns as namespace, c.checkpoint_id as "checkpointId",
    c.parent_id as "parentId", c.body, c.channels, c.metadata, c.exact_metadata as "exactMetadata", t.head_id as "headId",
    (select jsonb_agg(jsonb_build_object('taskId', w.task_id, 'taskPath', w.task_path, 'writes', w.writes))
       from task_write w
      where w.tenant = c.tenant and w.thread_id = c.thread_id and w.checkpoint_ns = c.checkpoint_ns
        and w.checkpoint_id = c.checkpoint_id) as writes`;
}
