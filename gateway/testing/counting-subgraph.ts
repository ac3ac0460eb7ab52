import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type WebSocket, WebSocketServer } from "ws";

export interface CountingSubgraph {
  url: string;
  /** Subscriptions that are open, by where each was asked to go on. */
  open: Map<WebSocket, number>;
  /** One more number to tell. */
  count(): void;
  /** Nothing more is to come: each stream tells its last number, then its end, then completes. */
  finish(): void;
  /** Cuts the connections of those that were asked to go on after this. */
  cut(after: number): void;
  close(): Promise<void>;
}

interface CountingOptions {
  /** A number from 0 to 1; how many numbers stand in a batch, and how long it takes, is by chance. */
  random(): number;
  /** Milliseconds that a batch takes at most. */
  mostMs: number;
}

/**
 * A stream of numbers from 1, in batches of any length, with a heartbeat in between, as a run's: the same numbers for everybody,
 * and never the same batches.
 */
export async function startCountingSubgraph({ random, mostMs }: CountingOptions): Promise<CountingSubgraph> {
  let head = 0;
  let finished = false;
  const open = new Map<WebSocket, number>();
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => "graphql-transport-ws" });
  await once(server, "listening");

  async function tell(socket: WebSocket, id: string, after: number): Promise<void> {
    const send = (message: object): void => socket.send(JSON.stringify(message));
    const next = (count: object): void => send({ id, type: "next", payload: { data: { count } } });
    open.set(socket, after);
    socket.once("close", () => open.delete(socket));
    for (let last = after; socket.readyState === socket.OPEN; ) {
      await sleep(random() * mostMs);
      if (last < head) {
        const to = last + Math.ceil(random() * Math.min(5, head - last));
        next({ __typename: "Batch", from: last + 1, to });
        last = to;
      } else if (finished) {
        next({ __typename: "End", head });
        await sleep(random() * mostMs);
        return send({ id, type: "complete" });
      } else if (random() < 0.1) next({ __typename: "Heartbeat", head });
    }
  }

  server.on("connection", (socket) =>
    socket.on("message", (data) => {
      const message = JSON.parse(String(data)) as {
        id: string;
        type: string;
        payload: { variables: { after: number } };
      };
      if (message.type === "connection_init") socket.send(JSON.stringify({ type: "connection_ack" }));
      if (message.type === "subscribe") void tell(socket, message.id, message.payload.variables.after);
    }),
  );
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    open,
    count() {
      head += 1;
    },
    finish() {
      finished = true;
    },
    cut(after) {
      for (const [socket, asked] of open) if (asked === after) socket.terminate();
    },
    async close() {
      for (const socket of server.clients) socket.terminate();
      server.close();
      await once(server, "close");
    },
  };
}
