import { createClient } from "graphql-ws";
import { RunEventsDocument, type RunEventsSubscription } from "./generated/graphql.ts";
import type { RunFrame } from "./run-view.ts";

export interface RunFramesParams {
  /** WebSocket URL of the GraphQL endpoint. */
  url: string;
  runId: string;
  afterSeq: number;
  token: string | undefined;
  signal: AbortSignal | undefined;
  webSocketImpl: unknown;
  /** Milliseconds without a frame after which the connection is given up. */
  staleMs: number;
  /** Milliseconds between questions, where it is no connection but those. */
  pollMs: number;
  /** Called before it is given up. */
  onStale(): void;
  /** Called when the connection is made. */
  onOpen(): void;
  /** Called by what is tried over HTTP when something is there, and gives it no connection. */
  onRefused(): void;
}

/**
 * Frames that may wait for a reader that is slower than the network; then the connection is given up and asked for
 * again.
 */
const MAX_AHEAD = 256;

/**
 * Frames of one connection, until it ends or breaks: throws GraphQL errors as an array, and whatever closed the
 * connection. Never connects twice, because the library would ask again from where the first connection began.
 */
export async function* runFrames(params: RunFramesParams): AsyncGenerator<{ frame: RunFrame; ahead: number }, void> {
  let ahead = 0;
  let connected = false;
  let over = false;
  let watchdog = setTimeout(giveUp, params.staleMs);
  const client = createClient({
    url: params.url,
    retryAttempts: 0,
    shouldRetry: () => false,
    connectionParams: params.token === undefined ? {} : { token: params.token },
    ...(params.webSocketImpl === undefined ? {} : { webSocketImpl: params.webSocketImpl }),
    on: {
      connected: () => {
        connected = true;
        params.onOpen();
      },
      closed(event) {
        // The library takes a close with 1000 as an invitation to connect again and to ask from the old cursor.
        if (!over && (event as { code?: number }).code === 1000) client.terminate();
      },
      message({ type }) {
        if (type !== "next") return;
        clearTimeout(watchdog);
        watchdog = setTimeout(giveUp, params.staleMs);
        ahead += 1;
        if (ahead > MAX_AHEAD) client.terminate();
      },
    },
  });
  const variables = { runId: params.runId, afterSeq: params.afterSeq };
  const answers = client.iterate<RunEventsSubscription>({ query: RunEventsDocument.toString(), variables });

  function giveUp(): void {
    params.onStale();
    client.terminate();
  }
  function stop(): void {
    over = true;
    clearTimeout(watchdog);
    void answers.return?.();
    if (!connected) client.terminate();
  }

  params.signal?.addEventListener("abort", stop, { once: true });
  if (params.signal?.aborted === true) stop();
  try {
    for await (const { data, errors } of answers) {
      ahead -= 1;
      if (errors !== undefined) throw errors;
      if (data !== null && data !== undefined) yield { frame: data.runEvents, ahead };
    }
  } finally {
    params.signal?.removeEventListener("abort", stop);
    stop();
  }
}
