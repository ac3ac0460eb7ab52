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
 * beyond the limit. Near it each start counts, one at a time in a process.
 */
const PARTS = 16;
const GOOD_FOR_MS = 1_000;
const TENANTS = 10_000;

export function createAdmission({ sql, tenants, now }: AdmissionOptions): Admission {
  const counted = new LRUCache<string, { left: number; until: number }>({ max: TENANTS });
  const near = createKeyedSlots(1);
  const mayStart = (tenant: string): boolean => {
    const known = counted.get(tenant);
    if (known === undefined || now().getTime() >= known.until) return false;
    known.left -= 1;
    return known.left >= 0;
  };
  return {
    admit: async ({ tenant, idemKey }, start) => {
      if (mayStart(tenant)) return start();
      return near.use(tenant, async () => {
        if (mayStart(tenant)) return start();
        const most = limitsOf(tenants, tenant).maxUnfinished;
        const { left, isRepeat } = await transaction(sql, { tenant }, async (tx) => {
          const room = most - (await countUnfinished(tx, { tenant, most }));
          const mayRepeat = room <= 0 && idemKey !== undefined;
          return { left: room, isRepeat: mayRepeat && (await findRunByKey(tx, { tenant, idemKey })) !== undefined };
        });
        counted.set(tenant, { left: Math.max(0, Math.floor(left / PARTS) - 1), until: now().getTime() + GOOD_FOR_MS });
        if (left <= 0 && !isRepeat) throw refusal(tenant, most);
        return start();
      });
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
