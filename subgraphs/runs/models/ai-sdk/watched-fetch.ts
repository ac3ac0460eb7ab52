import { REQUEST_ID_HEADER, sendWatched } from "../http/connect-watch.ts";
import type { Deadlines } from "../http/deadlines.ts";
import { checkBedrock } from "./cap-bedrock.ts";
import { capThinking } from "./cap-thinking.ts";

/**
 * Our deadline of the connection and our limit of tokens hold for packages too: they know nothing of the one, and ask
 * for more than the other.
 */
export function watchedFetch(send: typeof fetch = fetch, deadlines: Deadlines, most: number | undefined): typeof fetch {
  return async (input, init) => {
    checkBedrock(init?.body, most);
    const body = capThinking(init?.body, most) as RequestInit["body"];
    return sendWatched(deadlines, (requestId) => {
      const headers = { ...Object.fromEntries(new Headers(init?.headers)), [REQUEST_ID_HEADER]: requestId };
      return send(input, { ...init, ...(body === undefined ? {} : { body }), headers, redirect: "manual" });
    });
  };
}
