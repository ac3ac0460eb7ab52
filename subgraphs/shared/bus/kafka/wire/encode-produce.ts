import { crc32c } from "./crc32c.ts";
import { sizeOfNumber, sizeOfRecord, type WireRecord, writeRecord } from "./encode-record.ts";

/** What the client wants written, as it hands it to its own encoder. */
export interface ProduceParams {
  acks: number;
  timeout: number;
  transactionalId?: string | null;
  producerId: unknown;
  producerEpoch: number;
  topicData: readonly { topic: string; partitions: readonly PartitionData[] }[];
}

interface PartitionData {
  partition: number;
  firstSequence: number;
  messages: readonly WireRecord[];
}

/** Records of a partition, with the bytes of each and of all with what stands before them. */
interface Batch {
  data: PartitionData;
  sizes: number[];
  size: number;
}

/** Before the records of a batch. */
const BATCH_HEAD = 61;
/** What is counted as the length of a batch begins here, and what its checksum is of there. */
const LENGTH_FROM = 12;
const CHECKED_FROM = 21;
const FORMAT = 2;
const IN_TRANSACTION = 16;

/**
 * A request of version 3 to 7 to write records, uncompressed: in one buffer, where the client makes one for each header and each
 * number and copies all of them six times.
 *
 *   transactional id, acks, time-out, topics: name, partitions: number, bytes of the batch, the batch
 */
export function encodeProduce(params: ProduceParams, now = Date.now()): Buffer {
  const { acks, timeout, transactionalId = null } = params;
  const topics = params.topicData.map(({ topic, partitions }) => ({ topic, partitions: partitions.map(measure) }));
  const buffer = Buffer.allocUnsafe(roomOf(transactionalId, topics));
  let at = transactionalId === null ? buffer.writeInt16BE(-1, 0) : writeText(buffer, transactionalId, 0);
  at = buffer.writeInt16BE(acks, at);
  at = buffer.writeInt32BE(timeout, at);
  at = buffer.writeInt32BE(topics.length, at);
  for (const { topic, partitions } of topics) {
    at = writeText(buffer, topic, at);
    at = buffer.writeInt32BE(partitions.length, at);
    for (const batch of partitions) {
      at = buffer.writeInt32BE(batch.data.partition, at);
      at = buffer.writeInt32BE(batch.size, at);
      writeBatch(buffer.subarray(at, at + batch.size), params, batch, BigInt(now));
      at += batch.size;
    }
  }
  return buffer;
}

function measure(data: PartitionData): Batch {
  const sizes = data.messages.map(sizeOfRecord);
  return { data, sizes, size: sizes.reduce((sum, size) => sum + sizeOfNumber(size) + size, BATCH_HEAD) };
}

/**
 *   first offset, length, epoch of the leader, format, checksum, attributes, place of the last record, first and last time,
 *   producer: id, epoch, number of its first record, count of records, records
 */
function writeBatch(buffer: Buffer, params: ProduceParams, { data, sizes }: Batch, now: bigint): void {
  const { messages, firstSequence } = data;
  buffer.writeBigInt64BE(0n, 0);
  buffer.writeInt32BE(buffer.length - LENGTH_FROM, 8);
  buffer.writeInt32BE(0, 12);
  buffer.writeInt8(FORMAT, 16);
  buffer.writeInt16BE((params.transactionalId ?? null) === null ? 0 : IN_TRANSACTION, CHECKED_FROM);
  buffer.writeInt32BE(messages.length - 1, 23);
  buffer.writeBigInt64BE(now, 27);
  buffer.writeBigInt64BE(now, 35);
  buffer.writeBigInt64BE(BigInt(String(params.producerId)), 43);
  buffer.writeInt16BE(params.producerEpoch, 51);
  buffer.writeInt32BE(firstSequence, 53);
  buffer.writeInt32BE(messages.length, 57);
  let at = BATCH_HEAD;
  for (const [place, record] of messages.entries())
    at = writeRecord(buffer, at, { record, place, size: sizes[place] ?? 0 });
  buffer.writeUInt32BE(crc32c(buffer, CHECKED_FROM), 17);
}

function writeText(buffer: Buffer, text: string, at: number): number {
  const size = Buffer.byteLength(text);
  buffer.writeInt16BE(size, at);
  return at + 2 + buffer.write(text, at + 2);
}

function roomOf(transactionalId: string | null, topics: readonly { topic: string; partitions: Batch[] }[]): number {
  let room = 12 + Buffer.byteLength(transactionalId ?? "");
  for (const { topic, partitions } of topics)
    room += 6 + Buffer.byteLength(topic) + partitions.reduce((sum, { size }) => sum + 8 + size, 0);
  return room;
}
