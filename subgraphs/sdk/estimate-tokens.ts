/** Sixths of a token that a character is taken for. */
const LETTER = 2;
const TWO_BYTES = 6;
const THREE_BYTES = 12;
/** Half of a surrogate pair; the whole has four bytes. */
const HALF = 9;
/** Of the mark that stands where something was cut. */
const MARK_TOKENS = 24;

/**
 * Tokens a text is taken for. Each model cuts texts by a table of its own, so this is an estimate, and one that errs
 * upwards for what people and programs write: three letters or spaces of ASCII are a token, a digit or a sign is one, a
 * character of two, three or four bytes is one, two or three. It is never more than the bytes, which no model that
 * begins with bytes goes beyond, and never less than a third of them. Random letters (base64) may have half as many
 * tokens again: whoever counts by it has to be ready for a server that says no.
 */
export function estimateTokens(text: string): number {
  let sixths = 0;
  for (let at = 0; at < text.length; at += 1) sixths += sixthsOf(text.charCodeAt(at));
  return Math.ceil(sixths / 6);
}

function sixthsOf(unit: number): number {
  if (unit < 0x80) return unit === 0x20 || isLetter(unit) ? LETTER : TWO_BYTES;
  if (unit < 0x800) return TWO_BYTES;
  return unit >= 0xd800 && unit < 0xe000 ? HALF : THREE_BYTES;
}

function isLetter(unit: number): boolean {
  const lower = unit | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

/** The text, or its beginning and its end with a mark in between that tells how much is missing. */
export function cutMiddle(text: string, maxTokens: number): string {
  if (estimateTokens(text) <= maxTokens) return text;
  const each = Math.max(0, maxTokens - MARK_TOKENS) / 2;
  const head = text.slice(
    0,
    lengthWithin(text, each, (at) => at),
  );
  const tail = text.slice(text.length - lengthWithin(text, each, (at) => text.length - 1 - at));
  return joinCut(head, tail, text.length - head.length - tail.length);
}

/** Beginning and end of a text of which so many characters are missing in the middle; no character is cut in two. */
export function joinCut(head: string, tail: string, missing: number): string {
  const begin = /[\ud800-\udbff]$/.test(head) ? head.slice(0, -1) : head;
  const end = /^[\udc00-\udfff]/.test(tail) ? tail.slice(1) : tail;
  const lost = missing + head.length - begin.length + tail.length - end.length;
  return `${begin}\n[... ${lost} characters left out ...]\n${end}`;
}

function lengthWithin(text: string, tokens: number, place: (at: number) => number): number {
  let length = 0;
  for (let sixths = 0; length < text.length; length += 1) {
    sixths += sixthsOf(text.charCodeAt(place(length)));
    if (sixths > tokens * 6) break;
  }
  return length;
}
