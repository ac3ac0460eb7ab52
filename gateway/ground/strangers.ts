interface Stranger {
  /** The network it came from. */
  network: string;
}

/** Connections of which nobody knows yet whose they are. */
export interface Strangers<T extends Stranger> {
  /** Takes one in; gives the one that has to leave for it, if there are too many. */
  add(stranger: T): T | undefined;
  /** It introduced itself, or left. */
  delete(stranger: T): void;
  size(): number;
}

/**
 * Counts strangers for each network and overall. Whoever means well introduces itself within milliseconds, so it is the oldest
 * that leaves, of the network that has most of them: refusing the newest would let one sender of silent sockets keep
 * everybody out, those behind its own address first.
 */
export function createStrangers<T extends Stranger>(most: { overall: number; perNetwork: number }): Strangers<T> {
  const byNetwork = new Map<string, Set<T>>();
  let size = 0;

  function remove(stranger: T): void {
    const group = byNetwork.get(stranger.network);
    if (group?.delete(stranger) !== true) return;
    size -= 1;
    if (group.size === 0) byNetwork.delete(stranger.network);
  }

  function crowded(group: Set<T>): Set<T> | undefined {
    if (group.size > most.perNetwork) return group;
    if (size <= most.overall) return undefined;
    return [...byNetwork.values()].reduce((largest, each) => (each.size > largest.size ? each : largest));
  }

  return {
    add(stranger) {
      const group = byNetwork.get(stranger.network) ?? new Set();
      byNetwork.set(stranger.network, group.add(stranger));
      size += 1;
      const [oldest] = crowded(group) ?? [];
      if (oldest !== undefined) remove(oldest);
      return oldest;
    },
    delete: remove,
    size: () => size,
  };
}
