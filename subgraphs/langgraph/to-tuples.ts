import {
  type Checkpoint,
  type CheckpointMetadata,
  type CheckpointPendingWrite,
  type CheckpointTuple,
  compareWritesSortKeys,
  maxChannelVersion,
  type SerializerProtocol,
  TASKS,
  writesSortKey,
} from "@langchain/langgraph-checkpoint";
import { type Packed, piecesOf, unpack } from "./domain/packed.ts";
import type { CheckpointRow, KeptWrite, TaskWrites } from "./store/rows.ts";

/** What rows need beside themselves. */
interface Deps {
  serde: SerializerProtocol;
  /** The pieces with these names; one that is missing was dropped with its thread meanwhile. */
  findPieces(hashes: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>;
  /** What tasks wrote on a checkpoint, by its key. */
  listWritesOf(row: Pick<CheckpointRow, "threadId" | "namespace" | "checkpointId">): Promise<TaskWrites[]>;
}

/** Before this version what a step sends was kept among the writes of the checkpoint before. */
const SENDS_ARE_A_CHANNEL = 4;

/** Rows as LangGraph reads them; undefined when a piece of a value is gone, which asks for reading the rows again. */
export async function toTuples(rows: readonly CheckpointRow[], deps: Deps): Promise<CheckpointTuple[] | undefined> {
  const sends = await Promise.all(rows.map((row) => findSends(row, deps)));
  const writes = rows.map((row) => inOrder(row.writes ?? []));
  const values = [
    ...rows.flatMap(({ channels }) => Object.values(channels).map(({ value }) => value)),
    ...[...sends, ...writes].flatMap((list) => (list ?? []).map(({ value }) => value)),
  ];
  const hashes = [...new Set(values.flatMap(piecesOf))];
  const pieces = hashes.length === 0 ? new Map<string, Uint8Array>() : await deps.findPieces(hashes);
  if (pieces.size < hashes.length) return undefined;
  const load = (packed: Packed): Promise<unknown> => deps.serde.loadsTyped(packed.type, unpack(packed, pieces));
  return Promise.all(
    rows.map((row, at) => toTuple(row, { load, writes: writes[at] as OrderedWrite[], sends: sends[at] })),
  );
}

interface OrderedWrite extends KeptWrite {
  taskId: string;
}

/** In the order in which a running graph applies them. */
function inOrder(tasks: readonly TaskWrites[]): OrderedWrite[] {
  return tasks
    .flatMap(({ taskId, taskPath, writes }) =>
      Object.entries(writes).map(([number, write]) => ({
        key: writesSortKey(taskPath, taskId, Number(number)),
        write: { taskId, ...write },
      })),
    )
    .sort((one, other) => compareWritesSortKeys(one.key, other.key))
    .map(({ write }) => write);
}

/** What the step of an old checkpoint sends; undefined for one that has it among its channels. */
async function findSends(row: CheckpointRow, { listWritesOf }: Deps): Promise<OrderedWrite[] | undefined> {
  if (row.body.v >= SENDS_ARE_A_CHANNEL || row.parentId === null) return undefined;
  const { threadId, namespace, parentId: checkpointId } = row;
  return inOrder(await listWritesOf({ threadId, namespace, checkpointId })).filter(({ channel }) => channel === TASKS);
}

interface Parts {
  load(packed: Packed): Promise<unknown>;
  writes: readonly OrderedWrite[];
  sends: readonly OrderedWrite[] | undefined;
}

async function toTuple(row: CheckpointRow, { load, writes, sends }: Parts): Promise<CheckpointTuple> {
  const channels = Object.entries(row.channels).map(async ([name, { value }]) => [name, await load(value)] as const);
  const checkpoint: Checkpoint = { ...row.body, channel_values: Object.fromEntries(await Promise.all(channels)) };
  if (sends !== undefined) addSends(checkpoint, await Promise.all(sends.map(({ value }) => load(value))));
  const metadata = row.exactMetadata ?? { type: "json", text: JSON.stringify(row.metadata) };
  return {
    config: configOf(row, row.checkpointId),
    checkpoint,
    metadata: (await load(metadata)) as CheckpointMetadata,
    ...(row.parentId === null ? {} : { parentConfig: configOf(row, row.parentId) }),
    pendingWrites: await Promise.all(
      writes.map(
        async ({ taskId, channel, value }): Promise<CheckpointPendingWrite> => [taskId, channel, await load(value)],
      ),
    ),
  };
}

function addSends(checkpoint: Checkpoint, sends: unknown[]): void {
  const versions = Object.values(checkpoint.channel_versions);
  checkpoint.channel_values[TASKS] = sends;
  checkpoint.channel_versions[TASKS] = versions.length === 0 ? 1 : maxChannelVersion(...versions);
}

export function configOf({ threadId, namespace }: Pick<CheckpointRow, "threadId" | "namespace">, checkpointId: string) {
  return { configurable: { thread_id: threadId, checkpoint_ns: namespace, checkpoint_id: checkpointId } };
}
