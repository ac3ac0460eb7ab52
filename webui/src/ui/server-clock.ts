/**
 * The server's clock, as far as it was heard: what began by it is counted by it, also where the reader's own clock is wrong.
 */
let aheadMs = 0;

/** Answers are on their way for a while, and tell whole seconds: nearer than this nobody knows better. */
const NEAR_MS = 2_000;

/** Takes in what time the server said it was; a text that is no time is none. */
export function hearServerTime(at: string | null, now = Date.now()): void {
  const heard = Date.parse(at ?? "") - now;
  // What is as near as answers can tell to what was believed changes nothing: at the limit it would turn at each answer.
  if (Math.abs(heard - aheadMs) >= NEAR_MS) aheadMs = Math.abs(heard) < NEAR_MS ? 0 : heard;
}

/** The instant on the server's clock when the reader's shows `now`. */
export function toServerTime(now: number): number {
  return now + aheadMs;
}
