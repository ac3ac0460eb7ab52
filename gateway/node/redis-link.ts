import type { Log } from "@soma/shared/log";
import { redact } from "@soma/shared/redact";
import { Redis } from "ioredis";
import { type BoundsRedis, SCRIPTS } from "./redis-scripts.ts";

interface RedisLinkOptions {
  url: string;
  log: Log;
  /** Milliseconds that Redis has for an answer. */
  answerMs: number;
  /** Milliseconds until Redis is tried again. */
  retryMs: number;
  /** What Redis is asked first when it is there, or there again, and every `renewEveryMs` from then on. */
  renew(ask: Ask): Promise<void>;
  renewEveryMs: number;
}

type Send<T> = (redis: BoundsRedis) => Promise<T>;
/** Rejects when there is no answer in time. */
export type Ask = <T>(send: Send<T>) => Promise<T>;

export interface RedisLink {
  /** Undefined when Redis is away. Only those who ask while it goes away wait for that, `answerMs` at most; never rejects. */
  ask<T>(send: Send<T>): Promise<T | undefined>;
  close(): Promise<void>;
}

/** Milliseconds to connect, and until a connection on which nothing at all is answered is given up. */
const CONNECT_MS = 2_000;

/**
 * Redis, there or away. It is away from the first thing that fails: nobody waits for it, and nothing is kept to be sent, until it
 * has connected again and has answered what `renew` asks. Opens as soon as it is known to be one or the other.
 */
export async function openRedisLink(options: RedisLinkOptions): Promise<RedisLink> {
  const { log, answerMs } = options;
  const redis = connect(options);
  const ask: Ask = (send) => within(answerMs, send(redis));
  const decided = Promise.withResolvers<void>();
  let state: "starting" | "there" | "away" | "closed" = "starting";
  /** Of the connection that is being made. */
  let fault: string | undefined;
  let renewing = false;
  let leaving = false;

  function lost(why: string): void {
    if (state === "closed") return;
    // Once, not at each try: it may be away for days. A message only: such an error also holds what was sent.
    if (state !== "away") log.warn({ reason: redact(why) }, "Redis is away; this gateway bounds its callers by itself");
    state = "away";
    decided.resolve();
    // All that was asked fails together; the connection is given up by the first of them.
    if (redis.status !== "ready" || leaving) return;
    leaving = true;
    redis.disconnect(true);
  }
  async function renew(): Promise<void> {
    if (fault !== undefined) return lost(fault);
    renewing = true;
    try {
      await options.renew(ask);
    } catch (error) {
      return lost(messageOf(error));
    } finally {
      renewing = false;
    }
    if (state === "away") log.info("Redis is back; the gateways bound their callers together");
    if (state !== "closed") state = "there";
    decided.resolve();
  }
  redis.on("connect", () => {
    fault = undefined;
  });
  redis.on("error", (error) => {
    fault = messageOf(error);
  });
  redis.on("close", () => {
    leaving = false;
    lost(fault ?? "the connection was closed");
  });
  redis.on("ready", () => void renew());
  const timer = setInterval(() => {
    if (state === "there" && !renewing) void renew();
  }, options.renewEveryMs);
  await decided.promise;

  return {
    async ask(send) {
      if (state !== "there") return undefined;
      try {
        return await ask(send);
      } catch (error) {
        lost(messageOf(error));
        return undefined;
      }
    },
    async close() {
      const wasThere = state === "there";
      state = "closed";
      clearInterval(timer);
      if (wasThere) await ask(() => redis.quit()).catch(() => {});
      if (redis.status !== "end") redis.disconnect();
    },
  };
}

function connect({ url, retryMs }: RedisLinkOptions): BoundsRedis {
  // As the URL is understood: ioredis takes "REDISS:" for a connection without TLS.
  return new Redis(new URL(url).href, {
    connectionName: "soma-gateway",
    scripts: SCRIPTS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => retryMs,
    connectTimeout: CONNECT_MS,
    socketTimeout: CONNECT_MS,
    disconnectTimeout: CONNECT_MS / 4,
  }) as BoundsRedis;
}

function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new Error(`no answer within ${ms} ms`));
    // Sockets are read once more before it counts: the answer may be there, and only this process be late.
    const timer = setTimeout(() => setImmediate(late), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Where a name has several addresses, the error of all of them has a code and no message. */
function messageOf(error: unknown): string {
  const { message, code } = error as Error & { code?: string };
  return message || code || String(error);
}
