/** Bytes of UTF-8 in one frame at most. */
const MAX_FRAME_BYTES = 16_384;
/** Text is gathered until it is this much or this old. */
export const COALESCE_BYTES = 1_024;
export const COALESCE_MS = 50;

/** A text in parts of at most `maxBytes` of UTF-8 each, cut between characters. A limit too small for a character ends the list. */
export function splitFrames(text: string, maxBytes: number = MAX_FRAME_BYTES): string[] {
  const bytes = Buffer.from(text);
  const parts: string[] = [];
  for (let from = 0; from < bytes.length; ) {
    let to = Math.min(bytes.length, from + maxBytes);
    while (to > from && to < bytes.length && ((bytes[to] ?? 0) & 0xc0) === 0x80) to -= 1;
    if (to === from) break;
    parts.push(bytes.toString("utf8", from, to));
    from = to;
  }
  return parts;
}

/** As much of a text as fits, cut between characters, and whether something was left out. */
export function fit(text: string, maxBytes: number): { kept: string; dropped: boolean } {
  if (Buffer.byteLength(text) <= maxBytes) return { kept: text, dropped: false };
  return { kept: maxBytes <= 0 ? "" : (splitFrames(text, maxBytes)[0] ?? ""), dropped: true };
}
