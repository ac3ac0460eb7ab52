import { operationAt } from "./address.ts";
import { REQUEST_ID_HEADER, sendWatched } from "./connect-watch.ts";
import type { Deadlines } from "./deadlines.ts";
import { keyHeaders } from "./key.ts";

/** Who is asked, and with which key. */
export interface Asked {
  baseUrl: string;
  apiKey?: string | undefined;
  /** The runtime's own when left out. */
  fetch?: typeof fetch | undefined;
}

export interface PostParams {
  /** Address below which the operation is. */
  base: string;
  operation: string;
  body: object;
  deadlines: Deadlines;
}

/** Asks a server of a profile, with its key, within the deadlines of the call. */
export async function postJson(
  { baseUrl, apiKey, fetch: send = fetch }: Asked,
  { base, operation, body, deadlines }: PostParams,
): Promise<Response> {
  return sendWatched(deadlines, (requestId) =>
    send(operationAt(base, operation), {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "text/event-stream, application/json",
        [REQUEST_ID_HEADER]: requestId,
        ...keyHeaders(new URL(baseUrl).hostname, apiKey?.trim() ?? ""),
      },
      body: JSON.stringify(body),
      signal: deadlines.signal,
      redirect: "manual",
    }),
  );
}
