import type { ExecutionResult } from "graphql";
import { createClient } from "graphql-ws";
import type { GatewayLimits } from "../ground/limits.ts";

interface UpstreamParams {
  /** GraphQL endpoint of the subgraph, http or ws. */
  url: string;
  query: string;
  variables: Record<string, unknown>;
  /** Who asks; made anew at each connection. */
  connectionParams(): Promise<Record<string, unknown>>;
  limits: Pick<GatewayLimits, "keepAliveMs" | "connectionInitMs">;
  /** For runtimes without a global WebSocket. */
  webSocketImpl?: unknown;
}

/** Hears what the subgraph says. After `error` or `complete` nothing more comes. */
interface UpstreamSink {
  next(event: ExecutionResult): void;
  /** GraphQL errors as an array when the subgraph told them, anything else when the connection was lost. */
  error(error: unknown): void;
  complete(): void;
}

/**
 * Subscribes to one subgraph over a connection of its own, which is never opened again: continuing is the client's decision,
 * from its cursor. A subgraph that misses a ping is given up. The function stops the subscription and closes the connection.
 */
export function openUpstream(params: UpstreamParams, sink: UpstreamSink): () => void {
  const { keepAliveMs } = params.limits;
  let missed: ReturnType<typeof setTimeout> | undefined;
  let over = false;
  const client = createClient({
    url: params.url.replace(/^http/, "ws"),
    retryAttempts: 0,
    shouldRetry: () => false,
    keepAlive: keepAliveMs,
    connectionAckWaitTimeout: params.limits.connectionInitMs,
    connectionParams: params.connectionParams,
    ...(params.webSocketImpl === undefined ? {} : { webSocketImpl: params.webSocketImpl }),
    on: {
      ping(received) {
        if (!received) missed = setTimeout(() => client.terminate(), keepAliveMs);
      },
      pong(received) {
        if (received) clearTimeout(missed);
      },
      closed(event) {
        clearTimeout(missed);
        // The library takes a close with 1000 as an invitation to connect again and to ask from the old cursor.
        if (!over && (event as { code?: number }).code === 1000) client.terminate();
      },
    },
  });
  const stop = client.subscribe<Record<string, unknown>>(
    { query: params.query, variables: params.variables },
    {
      next: (event) => sink.next(event as ExecutionResult),
      error(error) {
        over = true;
        sink.error(error);
      },
      complete() {
        over = true;
        sink.complete();
      },
    },
  );
  return () => {
    over = true;
    stop();
  };
}
