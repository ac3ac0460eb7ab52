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

/** Whoever means well introduces itself within this time, also to a busy process. */
const GRACE_MS = 1_000;
/** How many times as many there may be while none of them had that time. */
const CROWD = 4;

/**
 * Counts strangers for each network and overall. When there are too many it is the oldest that leaves, of the network that has
 * most of them: refusing the newest would let one sender of silent sockets keep everybody out, those behind its own address
 * first. Nobody leaves before it could introduce itself, unless there are far too many. `now` is in milliseconds.
 */
export function createStrangers<T extends Stranger>(
  most: { overall: number; perNetwork: number },
  now: () => number = () => performance.now(),
): Strangers<T> {
  /** With when they came, the oldest first. */
  const byNetwork = new Map<string, Map<T, number>>();
  let size = 0;

  function remove(stranger: T): void {
    const group = byNetwork.get(stranger.network);
    if (group?.delete(stranger) !== true) return;
    size -= 1;
    if (group.size === 0) byNetwork.delete(stranger.network);
  }

  function oldestToLeave(group: Map<T, number>, count: number, limit: number): T | undefined {
    if (count <= limit) return undefined;
    const [[oldest, cameAtMs] = []] = group;
    const hadTime = cameAtMs !== undefined && now() - cameAtMs >= GRACE_MS;
    return hadTime || count > CROWD * limit ? oldest : undefined;
  }

  function largest(): Map<T, number> {
    return [...byNetwork.values()].reduce((most, each) => (each.size > most.size ? each : most));
  }

  return {
    add(stranger) {
      // Who comes again counts once, and is the newest.
      remove(stranger);
      const group = byNetwork.get(stranger.network) ?? new Map();
      byNetwork.set(stranger.network, group.set(stranger, now()));
      size += 1;
      const leaving =
        oldestToLeave(group, group.size, most.perNetwork) ??
        (size > most.overall ? oldestToLeave(largest(), size, most.overall) : undefined);
      if (leaving !== undefined) remove(leaving);
      return leaving;
    },
    delete: remove,
    size: () => size,
  };
}
