import type { Packed } from "../domain/packed.ts";

/** Where a checkpoint stands. */
export interface CheckpointKey {
  tenant: string;
  threadId: string;
  namespace: string;
  checkpointId: string;
}

export interface CheckpointRow {
  threadId: string;
  namespace: string;
  checkpointId: string;
  parentId: string | null;
  /** The checkpoint without its channel values. */
  body: CheckpointBody;
  channels: Record<string, KeptValue>;
  metadata: object;
  exactMetadata: Packed | null;
  writes: TaskWrites[] | null;
  /** The newest checkpoint of the thread and namespace. */
  headId: string;
}

export interface CheckpointBody {
  v: number;
  id: string;
  ts: string;
  channel_versions: Record<string, number | string>;
  versions_seen: Record<string, Record<string, number | string>>;
}

/** What a channel held from a version on. */
export interface KeptValue {
  version: number | string;
  value: Packed;
}

export interface TaskWrites {
  taskId: string;
  taskPath: string;
  /** By the number of the write. */
  writes: Record<string, KeptWrite>;
}

export interface KeptWrite {
  channel: string;
  value: Packed;
}
