/** How fast the worth of a place falls; the usual number, with which the first few places count about the same. */
const K = 60;

/** Best first. */
export type Ranking<T> = readonly { id: string; of: T; why: string }[];

export interface Fused<T> {
  of: T;
  /** 0 to 1; 1 is the first in every ranking. */
  score: number;
  why: string;
}

/** One ranking of several (reciprocal rank fusion): what stands high in more of them comes first. */
export function fuse<T>(rankings: readonly Ranking<T>[], limit: number): Fused<T>[] {
  const most = rankings.length / (K + 1);
  const found = new Map<string, { of: T; sum: number; whys: string[] }>();
  for (const ranking of rankings)
    for (const [place, { id, of, why }] of ranking.entries()) {
      const hit = found.get(id) ?? { of, sum: 0, whys: [] };
      hit.sum += 1 / (K + 1 + place);
      hit.whys.push(why);
      found.set(id, hit);
    }
  return [...found.values()]
    .toSorted((a, b) => b.sum - a.sum)
    .slice(0, limit)
    .map(({ of, sum, whys }) => ({ of, score: sum / most, why: whys.join("; ") }));
}
