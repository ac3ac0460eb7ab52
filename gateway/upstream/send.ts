import { readText } from "@soma/shared/read-text";

interface SendRequest {
  method: "GET" | "POST";
  url: string;
  headers?: Record<string, string>;
  body?: string;
  /** Gives the request up, with its reason. */
  signal: AbortSignal;
}

/** How the gateway asks its subgraphs. Reads an answer to its end, and none that is larger than MAX_ANSWER_BYTES. */
export type Send = (request: SendRequest) => Promise<{ status: number; body: string }>;

export const MAX_ANSWER_BYTES = 16_777_216;

/** For every runtime; Node has a faster way in node/undici-send.ts. */
export function createFetchSend(maxBytes = MAX_ANSWER_BYTES): Send {
  return async ({ url, ...init }) => {
    const response = await fetch(url, init);
    return { status: response.status, body: await readText(response.body, maxBytes, "the answer") };
  };
}
