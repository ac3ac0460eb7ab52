interface Member {
  /** The network it came from. */
  network: string;
}

/** Connections of which there may be so many, for each network and overall; the oldest leaves. */
export interface Crowd<T extends Member> {
  /** Takes one in, as the newest; gives those that have to leave now, which are no longer counted. */
  add(member: T): T[];
  delete(member: T): void;
  size(): number;
}

/** With when they came, the oldest first. */
type Group<T> = Map<T, number>;

/** Whoever means well has done within this time what the others wait for, also to a busy process. */
const GRACE_MS = 1_000;
/** How many times as many there may be while none of them had that time. */
const MOST_TIMES = 4;

/**
 * When there are too many it is the oldest that leaves, of the network that has most of them: refusing the newest would let one
 * sender of silent sockets keep everybody out, those behind its own address first. Nobody leaves before it had a little time,
 * unless there are far too many. `now` is in milliseconds.
 */
export function createCrowd<T extends Member>(
  most: { overall: number; perNetwork: number },
  now: () => number = () => performance.now(),
): Crowd<T> {
  const byNetwork = new Map<string, Group<T>>();
  let size = 0;

  function remove(member: T): void {
    const group = byNetwork.get(member.network);
    if (group?.delete(member) !== true) return;
    size -= 1;
    if (group.size === 0) byNetwork.delete(member.network);
  }

  function oldestToLeave(group: Group<T>, count: number, limit: number): T | undefined {
    if (count <= limit) return undefined;
    const [[oldest, cameAtMs] = []] = group;
    const hadTime = cameAtMs !== undefined && now() - cameAtMs >= GRACE_MS;
    return hadTime || count > MOST_TIMES * limit ? oldest : undefined;
  }

  /** Takes the oldest out, if it has to leave. */
  function take(group: Group<T>, count: number, limit: number): T | undefined {
    const oldest = oldestToLeave(group, count, limit);
    if (oldest !== undefined) remove(oldest);
    return oldest;
  }

  function takeOfNetwork(group: Group<T>): T[] {
    const taken: T[] = [];
    const next = (): T | undefined => take(group, group.size, most.perNetwork);
    for (let oldest = next(); oldest !== undefined; oldest = next()) taken.push(oldest);
    return taken;
  }

  /** One of each network that has most, again and again: in one pass, as a burst may be of thousands of networks. */
  function takeOfLargest(): T[] {
    const bySize = Map.groupBy(byNetwork.values(), (group) => group.size);
    const largest: Group<T>[] = [];
    const taken: T[] = [];
    for (let level = Math.max(...bySize.keys()); level > 0; level -= 1) {
      largest.push(...(bySize.get(level) ?? []));
      const some = largest.map((group) => take(group, size, most.overall)).filter((each) => each !== undefined);
      taken.push(...some);
      if (some.length < largest.length) break;
    }
    return taken;
  }

  return {
    add(member) {
      // Who comes again counts once, and is the newest.
      remove(member);
      const group = byNetwork.get(member.network) ?? new Map<T, number>();
      byNetwork.set(member.network, group.set(member, now()));
      size += 1;
      const leaving = takeOfNetwork(group);
      return size > most.overall ? [...leaving, ...takeOfLargest()] : leaving;
    },
    delete: remove,
    size: () => size,
  };
}
