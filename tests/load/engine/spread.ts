/** Of milliseconds: the middle one, the one that a hundredth is above, and the longest. */
export function spreadOf(values: readonly number[]): { p50: number; p99: number; max: number } {
  const sorted = values.map(Math.round).toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
