import type { IHeaders } from "kafkajs";
import { setOwn } from "./set-own.ts";

/** What the client says of the batch that a record is of; numbers of eight bytes are texts. */
export interface BatchContext {
  firstOffset: string;
  firstTimestamp: string;
  maxTimestamp: string;
  /** 1 when the broker says when it wrote the batch. */
  timestampType: number;
  magicByte: number;
  isControlBatch: boolean;
}

const APPENDED = 1;

/** Where in its bytes a record is being read. */
interface Reader {
  buffer: Buffer;
  offset: number;
}

/**
 * A record as the client's own decoder gives it, from the bytes behind its length. That one adds each header to a copy of those
 * before it, and counts in numbers of any size.
 */
export function decodeRecord(reader: Reader, batch: BatchContext) {
  const attributes = reader.buffer.readInt8(reader.offset);
  reader.offset += 1;
  const timestampDelta = readNumber(reader);
  const offsetDelta = readNumber(reader);
  const { firstOffset, firstTimestamp, maxTimestamp, timestampType, magicByte, isControlBatch } = batch;
  return {
    magicByte,
    attributes,
    timestamp: timestampType === APPENDED && maxTimestamp ? maxTimestamp : plus(firstTimestamp, timestampDelta),
    offset: plus(firstOffset, offsetDelta),
    key: readBytes(reader),
    value: readBytes(reader),
    headers: readHeaders(reader),
    isControlRecord: isControlBatch,
    batchContext: batch,
  };
}

/** Big numbers are slow, and needed where a number would be rounded alone. */
function plus(first: string, delta: number): string {
  const sum = Number(first) + delta;
  return Number.isSafeInteger(sum) ? String(sum) : String(BigInt(first) + BigInt(delta));
}

function readHeaders(reader: Reader): IHeaders {
  const headers: IHeaders = {};
  for (let left = readNumber(reader); left > 0; left -= 1) {
    const size = readNumber(reader);
    const name = reader.buffer.toString("utf8", reader.offset, reader.offset + size);
    reader.offset += size;
    const value = readBytes(reader) as Buffer;
    const before = Object.hasOwn(headers, name) ? headers[name] : undefined;
    setOwn(headers, name, before === undefined ? value : ([before, value].flat() as Buffer[]));
  }
  return headers;
}

function readBytes(reader: Reader): Buffer | null {
  const size = readNumber(reader);
  if (size < 0) return null;
  const from = reader.offset;
  reader.offset += size;
  return reader.buffer.subarray(from, reader.offset);
}

/** Zigzag, seven bits a byte. Of eight bytes, which only times may be, as exact as a number is. */
function readNumber(reader: Reader): number {
  const { buffer } = reader;
  let byte = buffer[reader.offset] ?? 0;
  reader.offset += 1;
  let number = byte & 0x7f;
  for (let factor = 0x80; byte >= 0x80; factor *= 0x80) {
    byte = buffer[reader.offset] ?? 0;
    reader.offset += 1;
    number += (byte & 0x7f) * factor;
  }
  return number % 2 === 0 ? number / 2 : -(number + 1) / 2;
}
