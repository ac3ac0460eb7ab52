/**
 * Whether a life was heard within so many milliseconds before now, by a clock of 32 bits that begins anywhere and
 * starts over.
 */
export function wasHeard(
  { beats, heardAt, now }: { beats: number; heardAt: number; now: number },
  withinMs: number,
): boolean {
  return beats !== 0 && (now - heardAt) >>> 0 < withinMs;
}
