import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { CLOSE } from "../doors/websocket-connection.ts";
import type { GatewayLimits } from "../ground/limits.ts";

type PaceLimits = Pick<GatewayLimits, "unreadBytes" | "unreadMs" | "messageBurst" | "messagesPerSecond">;

export interface Pace {
  /** Something came from the client: a message, a ping, a pong. */
  heard(): void;
  /** Whether nothing is read from the client for now, so that nothing is to be expected of it either. */
  isPaused(): boolean;
}

/**
 * Reads from a client no faster than it reads from us, and than it may ask. Whatever a message is, it can make an answer;
 * who asks and does not read would have us keep them all. Bytes that we do not read wait on the client's side.
 */
export function createPace(socket: WebSocket, duplex: Duplex, limits: PaceLimits): Pace {
  const timers = new Set<NodeJS.Timeout>();
  const holds = new Set<"unread" | "fast">();
  let allowance = limits.messageBurst;
  let heardAtMs = performance.now();

  socket.once("close", () => {
    for (const timer of timers) clearTimeout(timer);
  });

  function after(ms: number, work: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, ms);
    timers.add(timer);
    return timer;
  }
  function hold(why: "unread" | "fast"): void {
    holds.add(why);
    socket.pause();
  }
  function release(why: "unread" | "fast"): void {
    holds.delete(why);
    if (holds.size === 0) socket.resume();
  }

  function waitForReader(): void {
    hold("unread");
    const limit = after(limits.unreadMs, () =>
      socket.close(CLOSE.TRY_LATER, `what was sent was not read for ${limits.unreadMs} ms`),
    );
    duplex.once("drain", () => {
      clearTimeout(limit);
      timers.delete(limit);
      release("unread");
    });
  }
  /** An allowance as that of callers; what was read already may overdraw it, and then nothing is read until that is made up. */
  function take(): void {
    const atMs = performance.now();
    allowance = Math.min(limits.messageBurst, allowance + ((atMs - heardAtMs) / 1_000) * limits.messagesPerSecond);
    heardAtMs = atMs;
    allowance -= 1;
    if (allowance >= 0 || holds.has("fast")) return;
    hold("fast");
    after((-allowance / limits.messagesPerSecond) * 1_000, () => release("fast"));
  }

  return {
    heard() {
      take();
      if (!holds.has("unread") && duplex.writableLength > limits.unreadBytes) waitForReader();
    },
    isPaused: () => holds.size > 0,
  };
}
