import { type Client, cacheExchange, createClient, type Exchange, fetchExchange } from "urql";
import { hearServerTime } from "../ui/server-clock.ts";

/** Longer than the server takes at most. A question that is never answered would hold back those that are the same. */
export const ANSWER_MS = 30_000;

/** Clients that keep nothing, each by the one that does. */
const KEEPING_NOTHING = new WeakMap<Client, Client>();

/**
 * The client for entities: runs, sessions, status. Events of a run do not pass through it; src/run-log/ holds those.
 */
export function createApiClient(onSignedOut: () => void, send: typeof fetch = fetch): Client {
  const create = (exchanges: Exchange[]): Client =>
    createClient({
      url: "/graphql",
      exchanges,
      preferGetMethod: false,
      requestPolicy: "cache-and-network",
      fetchOptions: { credentials: "same-origin" },
      fetch: withinTime(hearing(onSignedOut, send)),
    });
  const client = create([cacheExchange, fetchExchange]);
  KEEPING_NOTHING.set(client, create([fetchExchange]));
  return client;
}

/** For large answers, of which one is looked at: the cache would keep each of them for as long as the page is open. */
export function withoutCache(client: Client): Client {
  const other = KEEPING_NOTHING.get(client);
  if (other === undefined) throw new Error("this client was not made by createApiClient()");
  return other;
}

/** Asks the server for whoever is signed in: every answer tells its time, or that nobody is any longer. */
export function hearing(onSignedOut: () => void, send: typeof fetch = fetch): typeof fetch {
  return async (input, init) => {
    const response = await send(input, init);
    hearServerTime(response.headers.get("date"));
    if (response.status === 401) onSignedOut();
    return response;
  };
}

function withinTime(send: typeof fetch): typeof fetch {
  return async (input, init) => {
    const time = AbortSignal.timeout(ANSWER_MS);
    const signal = init?.signal == null ? time : AbortSignal.any([init.signal, time]);
    return send(input, { ...init, signal }).catch((cause: unknown) => {
      if (!time.aborted) throw cause;
      throw new Error(`no answer came within ${ANSWER_MS / 1_000} s`, { cause });
    });
  };
}
