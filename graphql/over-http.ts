import type { RunFramesParams } from "./run-frames.ts";

/** Asks for what comes after an event over HTTP, of the address that WebSockets are made to. */
export function askOverHttp(
  { url, runId, token }: Pick<RunFramesParams, "url" | "runId" | "token">,
  { query, afterSeq, accept }: { query: string; afterSeq: number; accept: string },
  signal: AbortSignal,
): Promise<Response> {
  return fetch(url.replace(/^ws/, "http"), {
    method: "POST",
    headers: {
      accept,
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query, variables: { runId, afterSeq } }),
    signal,
  });
}
