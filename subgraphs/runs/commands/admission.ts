import { limitsOf, type TenantsConf } from "@soma/conf/tenants";
import { RetryLater } from "@soma/shared/errors";
import type { Tx } from "@soma/shared/postgres/connect";
import { LRUCache } from "lru-cache";
import { countUnfinished } from "../store/count-unfinished.ts";

/** Lets runs start, up to the limit of their tenant. */
export interface Admission {
  /** Throws LIMIT_EXCEEDED when the tenant has as many unfinished runs as it may have; in the transaction that starts one more. */
  admit(tx: Tx, params: { tenant: string }): Promise<void>;
}

/**
 * To count ten thousand runs takes ten milliseconds or more, so it is not done at each start. Who has counted may start the
 * sixteenth part of what is left without counting again, within a second: sixteen processes that do so at once cannot come
 * beyond the limit. Near it each start counts, one at a time.
 */
const PARTS = 16;
const GOOD_FOR_MS = 1_000;
const TENANTS = 10_000;

export function createAdmission({ tenants, now }: { tenants: TenantsConf; now(): Date }): Admission {
  const known = new LRUCache<string, { left: number; isFull: boolean; until: number }>({ max: TENANTS });
  return {
    async admit(tx, { tenant }) {
      const most = limitsOf(tenants, tenant).maxUnfinished;
      const counted = known.get(tenant);
      if (counted !== undefined && now().getTime() < counted.until) {
        if (counted.isFull) throw refusal(tenant, most);
        counted.left -= 1;
        if (counted.left >= 0) return;
      }
      const left = most - (await countUnfinished(tx, { tenant, most }));
      const until = now().getTime() + GOOD_FOR_MS;
      known.set(tenant, { left: Math.floor(left / PARTS), isFull: left <= 0, until });
      if (left <= 0) throw refusal(tenant, most);
    },
  };
}

function refusal(tenant: string, most: number): RetryLater {
  return new RetryLater(
    `tenant ${tenant} has ${most} unfinished runs, which is all it may have (maxUnfinished of tenants.yaml); ` +
      "start this one when some have ended",
    GOOD_FOR_MS,
  );
}
