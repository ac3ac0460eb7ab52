import { limitsOf, type TenantsConf } from "@soma/conf/tenants";
import { RetryLater } from "@soma/shared/errors";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { createKeyedSlots } from "@soma/shared/slots";
import { LRUCache } from "lru-cache";
import { countUnfinished } from "../store/count-unfinished.ts";
import { findRunByKey } from "../store/find-run-by-key.ts";

/** Lets runs start, up to the limit of their tenant. */
export interface Admission {
  /**
   * Starts a run, or throws LIMIT_EXCEEDED when its tenant has as many unfinished runs as it may have; a repeat of the start
   * under this key never does.
   */
  admit<T>(run: { tenant: string; idemKey?: string }, start: () => Promise<T>): Promise<T>;
}

interface AdmissionOptions {
  sql: Sql;
  tenants: TenantsConf;
  now(): Date;
}

/**
 * To count ten thousand runs takes ten milliseconds or more, so it is not done at each start. Who has counted may start the
 * sixteenth part of what is left without counting again, within a second: sixteen processes that do so at once cannot come
 * beyond the limit. Starts that are under way may not be counted yet, and are none that are left. Near the limit each start
 * counts, one at a time for each who admits, when those under way are made; far from it nobody waits for another's start, and
 * those that come together are one statement.
 */
const PARTS = 16;
const GOOD_FOR_MS = 1_000;
const TENANTS = 10_000;

export function createAdmission({ sql, tenants, now }: AdmissionOptions): Admission {
  const counted = new LRUCache<string, { left: number; until: number }>({ max: TENANTS });
  const near = createKeyedSlots(1);
  const underWay = createUnderWay();
  const mayStart = (tenant: string): boolean => {
    const known = counted.get(tenant);
    if (known === undefined || now().getTime() >= known.until) return false;
    known.left -= 1;
    return known.left >= 0;
  };
  /** How many more runs the tenant may have, and whether its key has a run already. */
  const look = (tenant: string, most: number, idemKey: string | undefined) =>
    transaction(sql, { tenant }, async (tx) => {
      const left = most - (await countUnfinished(tx, { tenant, most }));
      const mayRepeat = left <= 0 && idemKey !== undefined;
      return { left, isRepeat: mayRepeat && (await findRunByKey(tx, { tenant, idemKey })) !== undefined };
    });
  return {
    async admit({ tenant, idemKey }, start) {
      const begin = () => underWay.add(tenant, start());
      if (mayStart(tenant)) return begin();
      const admitted = await near.use(tenant, async () => {
        if (mayStart(tenant)) return { started: begin() };
        const most = limitsOf(tenants, tenant).maxUnfinished;
        const before = underWay.of(tenant);
        let { left, isRepeat } = await look(tenant, most, idemKey);
        const more = Math.floor((left - before.length) / PARTS);
        if (more > 0) {
          counted.set(tenant, { left: more - 1, until: now().getTime() + GOOD_FOR_MS });
          return { started: begin() };
        }
        if (before.length > 0) {
          await Promise.allSettled(before);
          ({ left, isRepeat } = await look(tenant, most, idemKey));
        }
        if (left <= 0 && !isRepeat) throw refusal(tenant, most);
        return { started: Promise.resolve(await begin()) };
      });
      return admitted.started;
    },
  };
}

/** Starts that have begun and not ended, by tenant. */
function createUnderWay() {
  const starts = new Map<string, Set<Promise<unknown>>>();
  return {
    add<T>(tenant: string, start: Promise<T>): Promise<T> {
      const those = starts.get(tenant) ?? new Set();
      starts.set(tenant, those.add(start));
      const remove = (): void => {
        those.delete(start);
        if (those.size === 0) starts.delete(tenant);
      };
      start.then(remove, remove);
      return start;
    },
    of: (tenant: string): Promise<unknown>[] => [...(starts.get(tenant) ?? [])],
  };
}

function refusal(tenant: string, most: number): RetryLater {
  return new RetryLater(
    `tenant ${tenant} has ${most} unfinished runs, which is all it may have (maxUnfinished of tenants.yaml); ` +
      "start this one when some have ended",
    GOOD_FOR_MS,
  );
}
