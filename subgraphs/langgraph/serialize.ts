import {
  type Checkpoint,
  type CheckpointMetadata,
  type PendingWrite,
  type SerializerProtocol,
  WRITES_IDX_MAP,
} from "@langchain/langgraph-checkpoint";
import { checkStorable, toStorableJson } from "@soma/shared/json";
import { type Packed, type Piece, pack, packWhole } from "./domain/packed.ts";
import type { KeptValue, KeptWrite } from "./store/rows.ts";

/** What a row keeps, and the pieces it names. */
interface Serialized<T> {
  kept: T;
  pieces: Piece[];
}

/** Values of the channels named, as far as they have one. */
export async function serializeChannels(
  serde: SerializerProtocol,
  { channel_values: values, channel_versions: versions }: Checkpoint,
  names: readonly string[],
): Promise<Serialized<Record<string, KeptValue>>> {
  const pieces: Piece[] = [];
  const entries = names
    .filter((name) => Object.hasOwn(values, name) && versions[name] !== undefined)
    .map(async (name) => {
      checkStorable("a channel's name", name);
      const packed = pack(...(await serde.dumpsTyped(values[name])));
      pieces.push(...packed.pieces);
      return [name, { version: versions[name] as string | number, value: packed.packed }] as const;
    });
  return { kept: Object.fromEntries(await Promise.all(entries)), pieces };
}

export async function serializeWrites(
  serde: SerializerProtocol,
  writes: readonly PendingWrite[],
): Promise<Serialized<Record<string, KeptWrite>>> {
  const pieces: Piece[] = [];
  const entries = writes.map(async ([channel, value], index) => {
    checkStorable("a channel's name", channel);
    const packed = pack(...(await serde.dumpsTyped(value)));
    pieces.push(...packed.pieces);
    const number = Object.hasOwn(WRITES_IDX_MAP, channel) ? WRITES_IDX_MAP[channel] : index;
    return [number, { channel, value: packed.packed }] as const;
  });
  return { kept: Object.fromEntries(await Promise.all(entries)), pieces };
}

/** Escapes of NUL and of halves of surrogate pairs, which jsonb refuses. */
const REFUSED = /\\u(?:0000|d[89a-f])/i;

/** Metadata as it is looked for, and beside it as it is given back where that is not the same. */
export async function serializeMetadata(
  serde: SerializerProtocol,
  metadata: CheckpointMetadata,
): Promise<{ metadata: object; exactMetadata: Packed | undefined }> {
  const [type, bytes] = await serde.dumpsTyped(metadata);
  const packed = packWhole(type, bytes);
  if (type !== "json" || !("text" in packed)) return { metadata: {}, exactMetadata: packed };
  if (!REFUSED.test(packed.text)) return { metadata: JSON.parse(packed.text), exactMetadata: undefined };
  return { metadata: toStorableJson(JSON.parse(packed.text)) as object, exactMetadata: packed };
}
