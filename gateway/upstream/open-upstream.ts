import { createWatchedClient } from "@soma/shared/graphql/watched-client";
import type { ExecutionResult } from "graphql";
import type { GatewayLimits } from "../ground/limits.ts";

export interface UpstreamParams {
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
export interface UpstreamSink {
  next(event: ExecutionResult): void;
  /** GraphQL errors as an array when the subgraph told them, anything else when the connection was lost. */
  error(error: unknown): void;
  complete(): void;
}

/**
 * Subscribes to one subgraph. One that takes the connection and stays silent, or misses a ping, is given up. The function stops
 * the subscription and closes the connection, also while it is being made.
 */
export function openUpstream(params: UpstreamParams, sink: UpstreamSink): () => void {
  const { keepAliveMs, connectionInitMs } = params.limits;
  let over = false;
  const client = createWatchedClient({
    url: params.url,
    connectionParams: params.connectionParams,
    handshakeMs: connectionInitMs,
    keepAliveMs,
    webSocketImpl: params.webSocketImpl,
  });
  function finish(tell: () => void): void {
    if (over) return;
    over = true;
    tell();
  }
  const stop = client.subscribe<Record<string, unknown>>(
    { query: params.query, variables: params.variables },
    {
      next: (event) => sink.next(event as ExecutionResult),
      error: (error) => finish(() => sink.error(error)),
      complete: () => finish(sink.complete),
    },
  );
  return () => {
    over = true;
    stop();
    client.leave();
  };
}
