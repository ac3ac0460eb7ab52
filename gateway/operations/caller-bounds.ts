import type { Principal } from "@soma/shared/identity/principal";
import { LRUCache } from "lru-cache";
import type { GatewayLimits } from "../ground/limits.ts";
import { RetryLater } from "../ground/retry-later.ts";

/** Callers whose allowance is remembered; whoever has not asked for longest is forgotten first, and has all of it again. */
const CALLERS = 10_000;
/** What a caller is told to wait when its operations are in the way: nobody knows when they end. */
const BUSY_RETRY_MS = 250;

/** What one caller may have of this process, so that it cannot take it from the others. Counted in this process only. */
export interface CallerBounds {
  /** Takes from the caller's allowance, which fills up again with time; throws RetryLater when it does not hold that much. */
  take(principal: Principal, amount: number): void;
  /** An operation of the caller begins; the function ends it. Throws RetryLater when as many are under way as may be. */
  enter(principal: Principal): () => void;
}

interface Allowance {
  left: number;
  /** When `left` was true. */
  atMs: number;
}

/** `now` is in milliseconds and never goes back. */
export function createCallerBounds(limits: GatewayLimits, now: () => number = () => performance.now()): CallerBounds {
  const { allowance, allowancePerSecond, operationsPerCaller } = limits;
  const allowances = new LRUCache<string, Allowance>({ max: CALLERS });
  const running = new Map<string, number>();

  return {
    take(principal, amount) {
      const key = keyOf(principal);
      const atMs = now();
      const known = allowances.get(key) ?? { left: allowance, atMs };
      const left = Math.min(allowance, known.left + ((atMs - known.atMs) / 1_000) * allowancePerSecond);
      if (left < amount)
        throw new RetryLater(
          `${principal.subject} asks faster than ${allowancePerSecond} a second; try again in a moment`,
          ((amount - left) / allowancePerSecond) * 1_000,
        );
      allowances.set(key, { left: left - amount, atMs });
    },
    enter(principal) {
      const key = keyOf(principal);
      const others = running.get(key) ?? 0;
      if (others >= operationsPerCaller)
        throw new RetryLater(
          `${operationsPerCaller} operations of ${principal.subject} are under way, the most there may be; try again in a moment`,
          BUSY_RETRY_MS,
        );
      running.set(key, others + 1);
      return () => {
        const left = (running.get(key) ?? 1) - 1;
        if (left === 0) running.delete(key);
        else running.set(key, left);
      };
    },
  };
}

function keyOf({ tenant, subject }: Principal): string {
  return JSON.stringify([tenant, subject]);
}
