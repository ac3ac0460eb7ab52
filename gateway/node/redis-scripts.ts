import type { Redis } from "ioredis";

/**
 * What is kept in Redis of a caller, and what changes it: one script for each verb, each of one key, so that it is one step
 * there. The clock is Redis' own, in milliseconds. Every key expires by itself.
 *
 *   soma:callers:{caller}:allowance   hash: `left`, and `at`, when that was true; gone when the allowance is full again
 *   soma:callers:{caller}:operations  sorted set: leases by when they end; `connections` and `subscriptions` are like it
 *   soma:gateways                     the same, of the gateway processes themselves
 *
 * What is in braces chooses the place in a cluster, and is a hash: no name of a caller can be another's, or long.
 */
export const CALLERS = "soma:callers";
export const GATEWAYS = "soma:gateways";

const CLOCK = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
`;

/**
 * Takes `amount` and gives 0, or takes nothing and gives the milliseconds until there is enough; 'owe' takes it always. A clock
 * that went back, as after a change of servers, fills nothing up and is believed from then on.
 */
const ALLOWANCE = `${CLOCK}
local amount, most, per_second, verb = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local known = redis.call('HMGET', KEYS[1], 'left', 'at')
local elapsed = math.max(0, now - (tonumber(known[2]) or now))
local left = math.min(most, (tonumber(known[1]) or most) + elapsed / 1000 * per_second)
local wait = 0
if verb == 'take' and left < amount then
  wait = (amount - left) / per_second * 1000
else
  left = left - amount
end
redis.call('HSET', KEYS[1], 'left', string.format('%.17g', left), 'at', string.format('%.17g', now))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', (most - left) / per_second * 1000 + 1000))
return string.format('%.17g', wait)
`;

/** A lease more, unless there are as many as may be: 1, or 0. Those that nobody renewed are gone first. */
const ENTER = `${CLOCK}
local id, most, lease_ms = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
if redis.call('ZCARD', KEYS[1]) >= most then return 0 end
redis.call('ZADD', KEYS[1], string.format('%.0f', now + lease_ms), id)
redis.call('PEXPIRE', KEYS[1], lease_ms)
return 1
`;

/** Leases that last: one that Redis has lost is there again. */
const RENEW = `${CLOCK}
local lease_ms = tonumber(ARGV[1])
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], string.format('%.0f', now + lease_ms), ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], lease_ms)
return 1
`;

const LEAVE = "return redis.call('ZREM', KEYS[1], ARGV[1])";

export const SCRIPTS = {
  somaAllowance: { lua: ALLOWANCE, numberOfKeys: 1 },
  somaEnter: { lua: ENTER, numberOfKeys: 1 },
  somaRenew: { lua: RENEW, numberOfKeys: 1 },
  somaLeave: { lua: LEAVE, numberOfKeys: 1 },
};

/** The scripts as commands; ioredis sends each once to a connection, and its hash from then on. */
export interface BoundsRedis extends Redis {
  somaAllowance(key: string, amount: number, most: number, perSecond: number, verb: "take" | "owe"): Promise<string>;
  somaEnter(key: string, id: string, most: number, leaseMs: number): Promise<number>;
  somaRenew(key: string, leaseMs: number, ...ids: string[]): Promise<number>;
  somaLeave(key: string, id: string): Promise<number>;
}
