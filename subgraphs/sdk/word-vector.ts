/**
 * A vector of the words of a text, of length one: texts with words in common are near each other, and nothing is known
 * of what they mean. For tests, and where there is no model.
 */
export function wordVector(text: string, dimensions: number): number[] {
  const counts = new Array<number>(dimensions).fill(0);
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [text];
  for (const word of words) {
    const at = hashOf(word) % dimensions;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  const length = Math.hypot(...counts);
  return counts.map((count) => count / length);
}

/** FNV-1a, the same everywhere and always. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < word.length; at += 1) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193) >>> 0;
  return hash;
}
