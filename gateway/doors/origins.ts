import { SomaError } from "@soma/shared/errors";

const PREFLIGHT = {
  "access-control-allow-methods": "GET, POST",
  "access-control-allow-headers": "authorization, content-type, traceparent, tracestate, x-request-id",
  "access-control-max-age": "7200",
};
const EXPOSED = { "access-control-expose-headers": "retry-after, x-request-id, x-trace-id" };

/** Which pages of other origins may use this server; none when the list is empty. */
export interface Origins {
  /**
   * A page of another site must not act with our cookie: requests that a browser marks with an origin that is neither ours nor
   * in the list are refused. Programs send no Origin and bring their token themselves.
   */
  check(request: { url: string; headers: Headers }): void;
  /** The answer to a browser that asks before a page of another origin may ask; undefined when that is no such question. */
  answerPreflight(request: Request): Response | undefined;
  /** Adds what a browser must read so that a page of a listed origin may read the answer. */
  allow(request: Request, response: Response): Response;
}

export function createOrigins(listed: readonly string[]): Origins {
  const isListed = (headers: Headers): boolean => listed.includes(headers.get("origin") ?? "");

  function allow(request: Request, response: Response): Response {
    if (listed.length > 0) response.headers.append("vary", "Origin");
    if (!isListed(request.headers)) return response;
    response.headers.set("access-control-allow-origin", request.headers.get("origin") ?? "");
    response.headers.set("access-control-allow-credentials", "true");
    for (const [name, value] of Object.entries(EXPOSED)) response.headers.set(name, value);
    return response;
  }

  return {
    check({ url, headers }) {
      const origin = headers.get("origin");
      if (origin === null || isListed(headers)) return;
      const host = headers.get("host") ?? new URL(url).host;
      if (!URL.canParse(origin) || new URL(origin).host !== host)
        throw new SomaError(
          "FORBIDDEN",
          `origin ${origin.slice(0, 200)} may not use this server; SOMA_CORS_ORIGINS lists those that may`,
        );
    },
    answerPreflight(request) {
      if (request.method !== "OPTIONS" || !request.headers.has("access-control-request-method")) return undefined;
      if (!isListed(request.headers)) return undefined;
      return new Response(null, { status: 204, headers: PREFLIGHT });
    },
    allow,
  };
}
