import { type Client, cacheExchange, createClient, fetchExchange } from "urql";

/** The client for entities: runs, sessions, status. Events of a run do not pass through it; src/run-log/ holds those. */
export function createGraphClient(onSignedOut: () => void, send: typeof fetch = fetch): Client {
  return createClient({
    url: "/graphql",
    exchanges: [cacheExchange, fetchExchange],
    preferGetMethod: false,
    requestPolicy: "cache-and-network",
    fetchOptions: { credentials: "same-origin" },
    fetch: async (input, init) => {
      const response = await send(input, init);
      if (response.status === 401) onSignedOut();
      return response;
    },
  });
}

/** A key under which the server recognises the same request; works without a secure context, unlike randomUUID(). */
export function newIdempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
