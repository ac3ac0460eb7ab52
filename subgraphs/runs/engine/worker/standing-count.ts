/** Tells for how many milliseconds a count has stood still, each time it is looked at. */
export function watchCount(): (count: number, nowMs: number) => number {
  let seen: { count: number; atMs: number } | undefined;
  return (count, nowMs) => {
    if (seen?.count !== count) seen = { count, atMs: nowMs };
    return nowMs - seen.atMs;
  };
}
