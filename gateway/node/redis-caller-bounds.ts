import { createHash, randomUUID } from "node:crypto";
import type { Principal } from "@soma/shared/identity/principal";
import type { Log } from "@soma/shared/log";
import { counter } from "@soma/shared/metrics";
import { DEFAULT_LIMITS, type GatewayLimits } from "../ground/limits.ts";
import {
  asksTooFast,
  type CallerBounds,
  createCallerBounds,
  hasTooMany,
  keyOf,
  mostOf,
  once,
} from "../operations/caller-bounds.ts";
import { createLeases } from "./redis-leases.ts";
import { openRedisLink } from "./redis-link.ts";
import { CALLERS } from "./redis-scripts.ts";

interface RedisCallerBoundsOptions {
  /** `redis:` or, with TLS, `rediss:`; may hold a user, a password and the number of a database. */
  url: string;
  log: Log;
  limits?: GatewayLimits;
  /** Milliseconds after which what a process had is given back, when it died. */
  leaseMs?: number;
  /** Milliseconds that Redis has for an answer; within one room it takes less than one. */
  answerMs?: number;
  /** Milliseconds until Redis is tried again. */
  retryMs?: number;
}

const alone = counter(
  "gateway_caller_bounds_alone_total",
  "Bounds of callers that this process checked by itself, because Redis was away or slow",
  ["verb"],
);

/**
 * What a caller may have of every process that uses the same Redis. The process counts by itself as well, and first: what it
 * refuses alone would be refused by all together, so that a flood of one caller ends here. When Redis is away or slow its own
 * count holds, with all that is under way in it.
 */
export async function openRedisCallerBounds(
  options: RedisCallerBoundsOptions,
): Promise<CallerBounds & { close(): Promise<void> }> {
  const { url, log, limits = DEFAULT_LIMITS, leaseMs = 30_000, answerMs = 150, retryMs = 1_000 } = options;
  const { allowance, allowancePerSecond } = limits;
  const own = createCallerBounds(limits);
  const leases = createLeases(randomUUID(), leaseMs);
  const renewEveryMs = leaseMs / 3;
  const redis = await openRedisLink({ url, log, answerMs, retryMs, renewEveryMs, renew: leases.renew });

  /** Milliseconds until there is enough; none, too, when Redis does not say. */
  async function askAllowance(principal: Principal, amount: number, verb: "take" | "owe"): Promise<number> {
    const key = redisKey(principal, "allowance");
    const waitMs = await redis.ask((client) => client.somaAllowance(key, amount, allowance, allowancePerSecond, verb));
    if (waitMs === undefined) alone.inc({ verb });
    return Number(waitMs ?? 0);
  }

  return {
    async take(principal, amount) {
      if (amount <= 0) return;
      await own.take(principal, amount);
      const waitMs = await askAllowance(principal, amount, "take");
      if (waitMs === 0) return;
      own.owe(principal, -amount);
      throw asksTooFast(principal, limits, { amount, waitMs });
    },
    owe(principal, amount) {
      if (amount <= 0) return;
      own.owe(principal, amount);
      void askAllowance(principal, amount, "owe");
    },
    async enter(principal, counted) {
      const leave = await own.enter(principal, counted);
      const lease = leases.create(redisKey(principal, counted));
      const entered = await redis.ask((client) => {
        lease.sent = true;
        return client.somaEnter(lease.key, lease.id, mostOf(limits, counted), leaseMs);
      });
      if (entered === 0) {
        leave();
        throw hasTooMany(principal, limits, counted);
      }
      if (entered === undefined) alone.inc({ verb: "enter" });
      leases.hold(lease);
      return once(() => {
        leave();
        leases.end(lease, () => redis.ask((client) => client.somaLeave(lease.key, lease.id)));
      });
    },
    close: redis.close,
  };
}

/** Of one length and one alphabet, whatever the names of tenant and subject hold. */
function redisKey(principal: Principal, of: string): string {
  const caller = createHash("sha256").update(keyOf(principal)).digest("base64url");
  return `${CALLERS}:{${caller}}:${of}`;
}
