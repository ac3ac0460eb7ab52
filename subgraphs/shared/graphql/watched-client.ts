import { type Client, createClient } from "graphql-ws";

interface WatchedClientOptions {
  /** GraphQL endpoint, http or ws. */
  url: string;
  /** Who asks; made anew at each connection. */
  connectionParams(): Promise<Record<string, unknown>>;
  /** Milliseconds until the peer must have taken the connection, its upgrade and its introduction. */
  handshakeMs: number;
  /** Milliseconds between pings, and until each must be answered. */
  keepAliveMs: number;
  /** For runtimes without a global WebSocket. */
  webSocketImpl?: unknown;
}

interface WatchedClient extends Pick<Client, "subscribe" | "iterate"> {
  /** For when nobody asks any more: a connection that is only being made would wait for a silent peer. */
  leave(): void;
}

/**
 * Subscriptions to one peer over a connection of its own, which is given up when the peer says nothing: between its taking
 * the connection and its acknowledgement, or to a ping. It is never opened again: continuing is the caller's decision, from
 * its cursor.
 */
export function createWatchedClient(options: WatchedClientOptions): WatchedClient {
  const { handshakeMs, keepAliveMs, webSocketImpl } = options;
  let connected = false;
  let limit: ReturnType<typeof setTimeout> | undefined;
  const unwatch = (): void => clearTimeout(limit);
  const watch = (ms: number): void => {
    unwatch();
    limit = setTimeout(() => client.terminate(), ms);
  };
  const client = createClient({
    url: options.url.replace(/^http/, "ws"),
    retryAttempts: 0,
    shouldRetry: () => false,
    keepAlive: keepAliveMs,
    connectionParams: options.connectionParams,
    ...(webSocketImpl === undefined ? {} : { webSocketImpl }),
    on: {
      connecting: () => watch(handshakeMs),
      connected() {
        connected = true;
        unwatch();
      },
      ping(received) {
        if (!received) watch(keepAliveMs);
      },
      pong(received) {
        if (received) unwatch();
      },
      error: unwatch,
      closed(event) {
        unwatch();
        // The library takes a close with 1000 as an invitation to connect again and to ask from the old cursor.
        if ((event as { code?: number }).code === 1000) client.terminate();
      },
    },
  });
  return {
    subscribe: client.subscribe,
    iterate: client.iterate,
    leave() {
      if (!connected) client.terminate();
    },
  };
}
