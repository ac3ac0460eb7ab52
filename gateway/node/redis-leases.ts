import type { Ask } from "./redis-link.ts";
import { GATEWAYS } from "./redis-scripts.ts";

/** What of a caller's is under way in this process, as Redis knows it. */
interface Lease {
  key: string;
  id: string;
  /** Redis was asked to count it, and may do so whatever became of the answer. */
  sent: boolean;
}

interface Leases {
  create(key: string): Lease;
  /** It lasts: Redis hears of it until it is ended. */
  hold(lease: Lease): void;
  /** It ended. `tell` gives undefined when Redis did not hear of it; then it does when it is back. */
  end(lease: Lease, tell: () => Promise<unknown>): void;
  /** Says of all that last that they do, and of those that ended unheard that they did. */
  renew(ask: Ask): Promise<void>;
}

/** Leases of one key that are renewed in one step. */
const AT_ONCE = 500;

/** The leases of this process. What it does not renew for `leaseMs`, because it died, is over in Redis. */
export function createLeases(processId: string, leaseMs: number): Leases {
  const held = new Map<string, Map<string, Lease>>();
  /** With the time when they are over by themselves. */
  const unheard = new Map<Lease, number>();
  let created = 0;

  function remember(lease: Lease): void {
    const nowMs = performance.now();
    unheard.set(lease, nowMs + leaseMs);
    for (const [old, overAtMs] of unheard) {
      if (overAtMs > nowMs) break;
      unheard.delete(old);
    }
  }

  async function renewKey(ask: Ask, key: string, ofKey: ReadonlyMap<string, Lease>): Promise<void> {
    for (let rest = [...ofKey.values()]; rest.length > 0; rest = rest.slice(AT_ONCE)) {
      // Of those that were there when it began, the ones that have not ended meanwhile.
      const leases = rest.slice(0, AT_ONCE).filter(({ id }) => ofKey.has(id));
      for (const lease of leases) lease.sent = true;
      await ask((redis) => redis.somaRenew(key, leaseMs, ...leases.map(({ id }) => id)));
    }
  }

  return {
    create(key) {
      created += 1;
      return { key, id: `${processId}:${created}`, sent: false };
    },
    hold(lease) {
      const ofKey = held.get(lease.key) ?? new Map<string, Lease>();
      held.set(lease.key, ofKey.set(lease.id, lease));
    },
    end(lease, tell) {
      const ofKey = held.get(lease.key);
      ofKey?.delete(lease.id);
      if (ofKey?.size === 0) held.delete(lease.key);
      if (!lease.sent) return;
      void tell().then((heard) => {
        if (heard === undefined) remember(lease);
      });
    },
    async renew(ask) {
      await ask((redis) => redis.somaRenew(GATEWAYS, leaseMs, processId));
      // One after the other: thousands at once would be late. A copy: a caller that comes and goes would never let it end.
      for (const [key, ofKey] of [...held]) await renewKey(ask, key, ofKey);
      for (const lease of unheard.keys()) {
        await ask((redis) => redis.somaLeave(lease.key, lease.id));
        unheard.delete(lease);
      }
    },
  };
}
