import type { Message } from "kafkajs";

/** Bytes of the records of one send: brokers take a megabyte for one partition unless they are told otherwise. */
const MOST_BYTES = 900_000;
/** At most, what the format adds to a record, and to each of its headers. */
const RECORD_BYTES = 64;
const HEADER_BYTES = 10;

/** So many at a time as fit; one that fits nowhere is alone, and the broker says what it thinks of it. */
export function inBatches<T>(all: readonly T[], toMessage: (one: T) => Message): T[][] {
  const batches: T[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const one of all) {
    const size = sizeOf(toMessage(one));
    if (bytes + size > MOST_BYTES) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(one);
    bytes += size;
  }
  return batches;
}

function sizeOf({ key, value, headers = {} }: Message): number {
  let bytes = RECORD_BYTES + Buffer.byteLength(value ?? "") + Buffer.byteLength(key ?? "");
  for (const name in headers) {
    const text = headers[name] ?? "";
    // An array is a header of this name for each of its values.
    if (!Array.isArray(text)) bytes += sizeOfHeader(name, text);
    else for (const each of text) bytes += sizeOfHeader(name, each);
  }
  return bytes;
}

const sizeOfHeader = (name: string, text: string | Buffer): number =>
  HEADER_BYTES + Buffer.byteLength(name) + Buffer.byteLength(text);
