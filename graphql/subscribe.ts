import { createClient } from "graphql-ws";
import { isRefusal, type RawAnswer, type RawOperation, refusedConnection, SomaRequestError } from "./request-error.ts";

interface SubscribeParams {
  /** WebSocket URL of the GraphQL endpoint. */
  url: string;
  token: string | undefined;
  signal: AbortSignal | undefined;
  webSocketImpl: unknown;
}

/**
 * What a subscription tells, over a connection of its own that is never made a second time: whoever asked decides whether to
 * ask again, and from where.
 */
export async function* subscribe(
  { query, variables, operationName }: RawOperation,
  { url, token, signal, webSocketImpl }: SubscribeParams,
): AsyncGenerator<RawAnswer, void> {
  const client = createClient({
    url,
    retryAttempts: 0,
    shouldRetry: () => false,
    connectionParams: token === undefined ? {} : { token },
    ...(webSocketImpl === undefined ? {} : { webSocketImpl }),
  });
  const payload = { query, variables: { ...variables }, ...(operationName === undefined ? {} : { operationName }) };
  const answers = client.iterate(payload);
  const stop = (): void => {
    void answers.return?.();
    client.terminate();
  };
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted === true) stop();
  try {
    for await (const answer of answers) yield answer as RawAnswer;
  } catch (cause) {
    if (signal?.aborted === true) return;
    // What the server says of the whole operation comes as a list, and is an answer like any other.
    if (Array.isArray(cause)) yield { errors: cause };
    else if (isRefusal(cause)) throw refusedConnection(operationName ?? "this operation");
    else throw new SomaRequestError("the connection was lost", { code: "UNREACHABLE", retryable: true, cause });
  } finally {
    signal?.removeEventListener("abort", stop);
    await client.dispose();
  }
}
