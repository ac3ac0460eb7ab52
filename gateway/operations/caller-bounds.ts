import { RetryLater } from "@soma/shared/errors";
import type { Principal } from "@soma/shared/identity/principal";
import { LRUCache } from "lru-cache";
import { BUSY_RETRY_MS } from "../ground/busy-retry.ts";
import type { GatewayLimits } from "../ground/limits.ts";

/** Callers whose allowance is remembered; whoever has not asked for longest is forgotten first, and has all of it again. */
const CALLERS = 10_000;

/** What of a caller is counted while it lasts. */
export type Counted = "operations" | "connections" | "subscriptions";

/**
 * What one caller may have, so that it cannot take it from the others. Counted in this process by `createCallerBounds`, over
 * every process of the gateway by node/redis-caller-bounds.ts.
 */
export interface CallerBounds {
  /** Takes from the caller's allowance, which fills up again with time; throws RetryLater when it does not hold that much. */
  take(principal: Principal, amount: number): Promise<void>;
  /** Takes what was spent already, also when the allowance does not hold it: nothing more is given until that is made up. */
  owe(principal: Principal, amount: number): void;
  /** Something of the caller's begins; the function ends it. Throws RetryLater when there are as many as may be. */
  enter(principal: Principal, counted: Counted): Promise<() => void>;
}

interface Allowance {
  left: number;
  /** When `left` was true. */
  atMs: number;
}

/** Counted in this process only. `now` is in milliseconds and never goes back. */
export function createCallerBounds(limits: GatewayLimits, now: () => number = () => performance.now()): CallerBounds {
  const { allowance, allowancePerSecond } = limits;
  const allowances = new LRUCache<string, Allowance>({ max: CALLERS });
  const counts = new Map<string, number>();

  function leftOf(key: string, atMs: number): number {
    const known = allowances.get(key) ?? { left: allowance, atMs };
    return Math.min(allowance, known.left + ((atMs - known.atMs) / 1_000) * allowancePerSecond);
  }

  return {
    async take(principal, amount) {
      const key = keyOf(principal);
      const atMs = now();
      const left = leftOf(key, atMs);
      if (amount > 0 && left < amount)
        throw asksTooFast(principal, limits, { amount, waitMs: ((amount - left) / allowancePerSecond) * 1_000 });
      allowances.set(key, { left: left - amount, atMs });
    },
    owe(principal, amount) {
      const key = keyOf(principal);
      const atMs = now();
      allowances.set(key, { left: leftOf(key, atMs) - amount, atMs });
    },
    async enter(principal, counted) {
      const key = `${counted} of ${keyOf(principal)}`;
      const others = counts.get(key) ?? 0;
      if (others >= mostOf(limits, counted)) throw hasTooMany(principal, limits, counted);
      counts.set(key, others + 1);
      return once(() => {
        const left = (counts.get(key) ?? 1) - 1;
        if (left === 0) counts.delete(key);
        else counts.set(key, left);
      });
    },
  };
}

/** The same bounds; each refusal is told, by the name of what was refused. */
export function tellRefusals(callers: CallerBounds, onRefused: (bound: string) => void): CallerBounds {
  const told = async <T>(bound: string, work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (error instanceof RetryLater) onRefused(`${bound} of a caller`);
      throw error;
    }
  };
  return {
    take: (principal, amount) => told("allowance", callers.take(principal, amount)),
    owe: (principal, amount) => callers.owe(principal, amount),
    enter: (principal, counted) => told(counted, callers.enter(principal, counted)),
  };
}

export function mostOf(limits: GatewayLimits, counted: Counted): number {
  return limits[`${counted}PerCaller`];
}

export function asksTooFast(
  { subject }: Principal,
  { allowance, allowancePerSecond }: GatewayLimits,
  { amount, waitMs }: { amount: number; waitMs: number },
): RetryLater {
  return new RetryLater(
    `${subject} asks faster than ${allowancePerSecond} a second: this takes ${amount} of ${allowance}, and less is left; try again in ${Math.ceil(waitMs)} ms`,
    waitMs,
  );
}

export function hasTooMany({ subject }: Principal, limits: GatewayLimits, counted: Counted): RetryLater {
  return new RetryLater(
    `${mostOf(limits, counted)} ${counted} of ${subject} are under way, the most there may be; try again in a moment`,
    BUSY_RETRY_MS,
  );
}

/** What ends twice is counted once. */
export function once(end: () => void): () => void {
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    end();
  };
}

/** One text for each caller, whatever its names hold; half a pair of surrogates is escaped. */
export function keyOf({ tenant, subject }: Principal): string {
  return JSON.stringify([tenant, subject]);
}
