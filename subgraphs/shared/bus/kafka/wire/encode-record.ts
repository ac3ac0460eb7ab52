import type { EventRecord } from "../../event-record.ts";

/** The length of a shorter text is one byte. */
const SHORT = 0x40;

export type WireRecord = Pick<EventRecord, "key" | "value" | "headers">;

/** Bytes of a record without the number that says how many they are. */
export function sizeOfRecord({ key, value, headers }: WireRecord, place: number): number {
  let count = 0;
  let size = 2 + sizeOfNumber(place) + sizeOfText(key) + sizeOfText(value);
  for (const name in headers) {
    size += sizeOfText(name) + sizeOfText(headers[name] ?? "");
    count += 1;
  }
  return size + sizeOfNumber(count);
}

/**
 * Writes a record of Kafka's second format and gives the place behind it. Each number is zigzag, seven bits a byte; each text
 * stands behind the number of its bytes.
 *
 *   bytes that follow, attributes (a zero), milliseconds after the first of the batch (a zero), place in the batch, key, value,
 *   count of headers, name and value of each
 */
export function writeRecord(
  buffer: Buffer,
  from: number,
  { record: { key, value, headers }, place, size }: { record: WireRecord; place: number; size: number },
): number {
  let at = writeNumber(buffer, size, from);
  buffer[at] = 0;
  buffer[at + 1] = 0;
  at = writeNumber(buffer, place, at + 2);
  at = writeText(buffer, key, at);
  at = writeText(buffer, value, at);
  at = writeNumber(buffer, Object.keys(headers).length, at);
  for (const name in headers) {
    at = writeText(buffer, name, at);
    at = writeText(buffer, headers[name] ?? "", at);
  }
  return at;
}

function sizeOfText(text: string): number {
  const size = Buffer.byteLength(text);
  return sizeOfNumber(size) + size;
}

export function sizeOfNumber(number: number): number {
  if (number < 0x40) return 1;
  if (number < 0x2000) return 2;
  if (number < 0x10_0000) return 3;
  return number < 0x800_0000 ? 4 : 5;
}

function writeText(buffer: Buffer, text: string, from: number): number {
  const end = text.length < SHORT ? writeShort(buffer, text, from) : undefined;
  if (end !== undefined) return end;
  const size = Buffer.byteLength(text);
  const at = writeNumber(buffer, size, from);
  return at + buffer.write(text, at, size);
}

/** Most texts are names of headers: a call of the buffer costs more than their letters. Undefined when one is not ASCII. */
function writeShort(buffer: Buffer, text: string, from: number): number | undefined {
  buffer[from] = text.length * 2;
  for (let i = 0; i < text.length; i += 1) {
    const letter = text.charCodeAt(i);
    if (letter > 0x7f) return undefined;
    buffer[from + 1 + i] = letter;
  }
  return from + 1 + text.length;
}

function writeNumber(buffer: Buffer, number: number, from: number): number {
  let rest = number * 2;
  let at = from;
  while (rest >= 0x80) {
    buffer[at] = (rest & 0x7f) | 0x80;
    rest = Math.floor(rest / 0x80);
    at += 1;
  }
  buffer[at] = rest;
  return at + 1;
}
