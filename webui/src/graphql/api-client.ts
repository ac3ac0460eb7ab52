import { type Client, cacheExchange, createClient, fetchExchange } from "urql";
import { hearServerTime } from "../ui/server-clock.ts";

/**
 * The client for entities: runs, sessions, status. Events of a run do not pass through it; src/run-log/ holds those.
 */
export function createApiClient(onSignedOut: () => void, send: typeof fetch = fetch): Client {
  return createClient({
    url: "/graphql",
    exchanges: [cacheExchange, fetchExchange],
    preferGetMethod: false,
    requestPolicy: "cache-and-network",
    fetchOptions: { credentials: "same-origin" },
    fetch: async (input, init) => {
      const response = await send(input, init);
      hearServerTime(response.headers.get("date"));
      if (response.status === 401) onSignedOut();
      return response;
    },
  });
}
