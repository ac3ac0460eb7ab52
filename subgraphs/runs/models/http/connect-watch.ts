import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { isRecord } from "@soma/schemas/json";
import { newId } from "@soma/shared/ids";

/** Header that tells one request from the others of this process; providers also keep it for their support. */
export const REQUEST_ID_HEADER = "x-client-request-id";

/** A connection that broke after the request was sent: nobody knows whether it was answered. */
export class LostRequest extends Error {
  constructor(cause: unknown) {
    super("the connection was lost after the request was sent", { cause });
    this.name = "LostRequest";
  }
}

/**
 * Sends a request, of which `send` is given the id to put into its headers, and says when it connects and has its
 * connection. Throws LostRequest where that breaks before the response begins.
 */
export async function sendWatched(
  on: { signal: AbortSignal; connecting(): void; connected(): void },
  send: (requestId: string) => Promise<Response>,
): Promise<Response> {
  const requestId = newId();
  let isSent = false;
  const endWatch = watchConnect(requestId, {
    connecting: () => on.connecting(),
    connected() {
      isSent = true;
      on.connected();
    },
  });
  try {
    return await send(requestId);
  } catch (error) {
    throw isSent && !on.signal.aborted ? new LostRequest(error) : error;
  } finally {
    endWatch();
  }
}

/**
 * Says when the request with this id starts to connect and when it has its connection. `fetch` itself tells only when
 * the response begins, and local servers begin it with the first token, minutes later; the runtime's HTTP client
 * publishes both moments on diagnostic channels. Where it does not (another runtime, another `fetch`), neither is
 * called. Returns what ends the watch; it must be called.
 */
function watchConnect(requestId: string, on: { connecting(): void; connected(): void }): () => void {
  const created = (message: unknown): void => {
    if (carries(message, requestId)) on.connecting();
  };
  const sent = (message: unknown): void => {
    if (carries(message, requestId)) on.connected();
  };
  subscribe("undici:request:create", created);
  subscribe("undici:client:sendHeaders", sent);
  return () => {
    unsubscribe("undici:request:create", created);
    unsubscribe("undici:client:sendHeaders", sent);
  };
}

/** The client keeps a request's headers as a flat list of names and values. */
function carries(message: unknown, requestId: string): boolean {
  if (!isRecord(message) || !isRecord(message.request)) return false;
  const { headers } = message.request;
  return Array.isArray(headers) && headers.includes(requestId);
}
