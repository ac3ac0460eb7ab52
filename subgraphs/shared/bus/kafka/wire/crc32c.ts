/** Castagnoli's polynomial, reversed. */
const POLYNOMIAL = 0x82f63b78;
/** Bytes that one step takes in. */
const STEP = 8;

/** `TABLES[256 * n + byte]`: what a byte comes to when n more follow it. */
const TABLES = new Int32Array(256 * STEP);
for (let byte = 0; byte < 256; byte += 1) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  TABLES[byte] = crc;
}
for (let at = 256; at < TABLES.length; at += 1)
  TABLES[at] = tableAt(tableAt(at - 256) & 0xff) ^ (tableAt(at - 256) >>> 8);

/** CRC-32C of the bytes from `from` to `to`; eight at a time, which is three times as fast as one. */
export function crc32c(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let crc = -1;
  let at = from;
  for (; at + STEP <= to; at += STEP) {
    crc ^=
      byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24);
    crc =
      tableAt(0x700 + (crc & 0xff)) ^
      tableAt(0x600 + ((crc >>> 8) & 0xff)) ^
      tableAt(0x500 + ((crc >>> 16) & 0xff)) ^
      tableAt(0x400 + (crc >>> 24)) ^
      tableAt(0x300 + byteAt(bytes, at + 4)) ^
      tableAt(0x200 + byteAt(bytes, at + 5)) ^
      tableAt(0x100 + byteAt(bytes, at + 6)) ^
      tableAt(byteAt(bytes, at + 7));
  }
  for (; at < to; at += 1) crc = tableAt((crc ^ byteAt(bytes, at)) & 0xff) ^ (crc >>> 8);
  return ~crc >>> 0;
}

function tableAt(at: number): number {
  return TABLES[at] as number;
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}
