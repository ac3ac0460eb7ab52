import type { Sql } from "@soma/shared/postgres/connect";
import type { Piece } from "../domain/packed.ts";
import { keepPieces, lockPieces } from "./keep-pieces.ts";
import type { CheckpointKey, TaskWrites } from "./rows.ts";

interface PutWritesParams extends CheckpointKey, TaskWrites {
  pieces: readonly Piece[];
}

/**
 * Keeps what a task wrote, in one statement. A write of a number that is kept already is passed over, as the task ran
 * before; the negative numbers, LangGraph's own, are written anew.
 */
export async function putWrites(sql: Sql, params: PutWritesParams): Promise<void> {
  const { tenant, threadId, namespace, checkpointId, taskId, taskPath, writes } = params;
  const anew = Object.keys(writes).filter((number) => Number(number) < 0);
  await sql`
    with ${lockPieces(sql, params)},
    kept as (
      insert into task_write as w (tenant, thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, writes)
      select ${tenant}, ${threadId}, ${namespace}, ${checkpointId}, ${taskId}, ${taskPath},
             ${JSON.stringify(writes)}::text::jsonb from locked
      on conflict (tenant, thread_id, checkpoint_ns, checkpoint_id, task_id)
        do update set writes = excluded.writes || (w.writes - ${anew}::text[])
      returning 1)
    ${keepPieces(sql, params)}
    select from kept`;
}
