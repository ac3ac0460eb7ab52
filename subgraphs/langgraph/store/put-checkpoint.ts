import type { Sql } from "@soma/shared/postgres/connect";
import type { Packed, Piece } from "../domain/packed.ts";
import { keepPieces, lockPieces } from "./keep-pieces.ts";
import type { CheckpointBody, CheckpointKey, KeptValue } from "./rows.ts";

interface PutCheckpointParams extends CheckpointKey {
  parentId: string | undefined;
  body: CheckpointBody;
  /** Values of the channels that changed, or of all where the parent is not known to be there. */
  changed: Record<string, KeptValue>;
  metadata: object;
  exactMetadata: Packed | undefined;
  pieces: readonly Piece[];
  /** Who puts. */
  writer: string;
  head: HeadRule;
}

/**
 * When a put is good, by the newest checkpoint of the thread and namespace:
 * - `is`: it is this one, as far as the writer knows. Values of channels that did not change are then the parent's
 * - `is-or-none`: it is this one, or the thread begins here
 * - `none`: the thread begins here
 * - `writer`: the same writer put it, or the thread begins here
 * - `any`: always
 *
 * The same checkpoint may be put again while it is the newest.
 */
export type HeadRule = { rule: "is" | "is-or-none"; headId: string } | { rule: "none" | "writer" | "any" };

/**
 * Keeps a checkpoint as the newest of its thread and namespace, in one statement. False when another one has become that: the
 * row of the thread decides, and of two that come together the second waits for it and finds it moved.
 */
export async function putCheckpoint(sql: Sql, params: PutCheckpointParams): Promise<boolean> {
  const { tenant, threadId, namespace, checkpointId, parentId = null, exactMetadata = null } = params;
  const [row] = await sql<{ kept: boolean }[]>`
    with ${lockPieces(sql, params)},
    moved as (${moveHead(sql, params)} returning 1),
    carried as (${carriedChannels(sql, params)}),
    kept as (
      insert into checkpoint (tenant, thread_id, checkpoint_ns, checkpoint_id, parent_id, body, channels, metadata, exact_metadata)
      select ${tenant}, ${threadId}, ${namespace}, ${checkpointId}, ${parentId}, ${toJson(params.body)}::text::json,
             carried.channels || ${toJson(params.changed)}::text::jsonb, ${toJson(params.metadata)}::text::jsonb,
             ${exactMetadata === null ? null : toJson(exactMetadata)}::text::jsonb
        from moved cross join carried
      on conflict (tenant, thread_id, checkpoint_ns, checkpoint_id) do update set parent_id = excluded.parent_id,
        body = excluded.body, channels = excluded.channels, metadata = excluded.metadata, exact_metadata = excluded.exact_metadata
      returning 1)
    ${keepPieces(sql, params)}
    select exists (select from moved) as kept`;
  return row?.kept === true;
}

function moveHead(sql: Sql, { tenant, threadId, namespace, checkpointId, writer, head }: PutCheckpointParams) {
  if (head.rule === "is")
    return sql`update thread t set head_id = ${checkpointId}, writer = ${writer} from locked
      where t.tenant = ${tenant} and t.thread_id = ${threadId} and t.checkpoint_ns = ${namespace}
        and t.head_id in (${head.headId}, ${checkpointId})`;
  return sql`insert into thread as t (tenant, thread_id, checkpoint_ns, head_id, writer)
      select ${tenant}, ${threadId}, ${namespace}, ${checkpointId}, ${writer}::uuid from locked
      on conflict (tenant, thread_id, checkpoint_ns) do update set head_id = excluded.head_id, writer = excluded.writer
       where t.head_id = excluded.head_id or ${isGood(sql, head)}`;
}

function isGood(sql: Sql, head: HeadRule) {
  switch (head.rule) {
    case "is":
    case "is-or-none":
      return sql`t.head_id = ${head.headId}`;
    case "none":
      return sql`false`;
    case "writer":
      return sql`t.writer = excluded.writer`;
    case "any":
      return sql`true`;
  }
}

/** Channels of the parent whose version is still the same. */
function carriedChannels(sql: Sql, { tenant, threadId, namespace, parentId, body, head }: PutCheckpointParams) {
  if (head.rule !== "is" || parentId === undefined) return sql`select '{}'::jsonb as channels`;
  return sql`select coalesce(jsonb_object_agg(c.key, c.value), '{}') as channels
        from checkpoint p cross join jsonb_each(p.channels) c
       where p.tenant = ${tenant} and p.thread_id = ${threadId} and p.checkpoint_ns = ${namespace}
         and p.checkpoint_id = ${parentId}
         and c.value -> 'version' = ${toJson(body.channel_versions)}::text::jsonb -> c.key`;
}

/** As text: the driver would make JSON of it once more. */
const toJson = (value: unknown): string => JSON.stringify(value);
