import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";

export interface StrangerLimits {
  /** Sockets that have not introduced themselves; the oldest leaves first. */
  count: number;
  /** What one of them may send, frames of every kind together. */
  bytes: number;
}

/** Sockets whose owners have not said who they are. */
export interface Strangers {
  /** Takes one in, as the newest. */
  add(socket: WebSocket, stream: Duplex): void;
  /** It has introduced itself, or is gone. */
  delete(socket: WebSocket): void;
}

/**
 * Bounds what strangers cost. Bytes are counted as they come, because `ws` takes one limit for all messages of a server and
 * none for pings. The oldest leaves, as refusing the newest would let a few silent sockets keep everybody out.
 */
export function createStrangers(limits: StrangerLimits): Strangers {
  const waiting = new Map<WebSocket, () => void>();

  function remove(socket: WebSocket): void {
    waiting.get(socket)?.();
    waiting.delete(socket);
  }

  return {
    add(socket, stream) {
      let heard = 0;
      const hear = (chunk: Buffer): void => {
        heard += chunk.length;
        if (heard > limits.bytes) socket.terminate();
      };
      stream.on("data", hear);
      waiting.set(socket, () => stream.off("data", hear));
      const [oldest] = waiting.keys();
      if (waiting.size <= limits.count || oldest === undefined) return;
      remove(oldest);
      oldest.terminate();
    },
    delete: remove,
  };
}
