/**
 * Cuts bytes where their content says so, so that a value that grew, or lost its beginning, has most pieces in common with
 * the one before: a conversation of a hundred messages stores its newest one, not all of them again. Where the cuts fall
 * changes nothing but how much is shared, so the numbers here may change.
 */
export function cut(bytes: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = findEnd(bytes, start);
    pieces.push(bytes.subarray(start, end));
    start = end;
  }
  return pieces;
}

const MIN_BYTES = 2_048;
const MAX_BYTES = 16_384;
/** Twelve bits that are zero by chance once in 4 096 bytes; the high ones, which 32 bytes have a say in. */
const MASK = 0xfff0_0000;

/** A number for each byte, with no pattern among them. */
const GEAR = Uint32Array.from({ length: 256 }, (_, byte) => {
  let mixed = byte + 0x9e37_79b9;
  for (let round = 0; round < 4; round += 1) {
    mixed ^= mixed << 13;
    mixed ^= mixed >>> 17;
    mixed ^= mixed << 5;
  }
  return mixed;
});

function findEnd(bytes: Uint8Array, start: number): number {
  const limit = Math.min(bytes.length, start + MAX_BYTES);
  let rolling = 0;
  for (let at = start + MIN_BYTES; at < limit; at += 1) {
    rolling = ((rolling << 1) + (GEAR[bytes[at] as number] as number)) | 0;
    if ((rolling & MASK) === 0) return at + 1;
  }
  return limit;
}
