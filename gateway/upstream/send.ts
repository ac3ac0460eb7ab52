import { readText } from "@soma/shared/read-text";

interface SendRequest {
  method: "GET" | "POST";
  url: string;
  headers?: Record<string, string>;
  body?: string;
  /** Gives the request up, with its reason. */
  signal: AbortSignal;
}

/** What a subgraph answered. */
export interface SubgraphAnswer {
  status: number;
  /** A header of the answer; undefined when it has none of this name, or several. */
  header(name: "content-type" | "retry-after"): string | undefined;
  body: string;
}

/** How the gateway asks its subgraphs. Reads an answer to its end, and none that is larger than MAX_ANSWER_BYTES. */
export type Send = (request: SendRequest) => Promise<SubgraphAnswer>;

export const MAX_ANSWER_BYTES = 16_777_216;

/** For every runtime; Node has a faster way in node/undici-send.ts. */
export function createFetchSend(maxBytes = MAX_ANSWER_BYTES): Send {
  return async ({ url, ...init }) => {
    const response = await fetch(url, { ...init, redirect: "manual" });
    return {
      status: response.status,
      header: (name) => response.headers.get(name) ?? undefined,
      body: await readText(response.body, maxBytes, "the answer"),
    };
  };
}
