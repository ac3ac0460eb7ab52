import { SomaError } from "@soma/shared/errors";
import type { Principal } from "@soma/shared/identity/principal";
import type { Log } from "@soma/shared/log";
import { createSources } from "./data-source.ts";
import { toKnownError } from "./format-error.ts";
import { authenticate, checkOrigin, createAuthRoutes } from "./http-auth.ts";
import type { DevIdentity, Identity } from "./identity.ts";
import { DEFAULT_LIMITS, type GatewayLimits } from "./limits.ts";
import { createOperations, refused } from "./operations.ts";
import { createPipeline } from "./pipeline.ts";
import { createRequestTrace, type RequestTrace } from "./request-trace.ts";
import { type ReadStatic, serveStatic } from "./static-files.ts";
import { createSupergraphExecutor } from "./supergraph.ts";
import { createWebSocketDoor, type SocketLike } from "./websocket.ts";

export interface GatewayOptions {
  supergraphSdl: string;
  /** GraphQL endpoints by subgraph name. */
  urls: Readonly<Record<string, string>>;
  identity: Identity;
  /** Lets browsers sign in by a link; left out where identity comes from elsewhere. */
  devIdentity?: DevIdentity;
  /** Signs who asks, for the subgraphs. */
  sign(principal: Principal): Promise<string>;
  readStatic: ReadStatic;
  /** Text and content type of /metrics. */
  metrics(): Promise<{ body: string; contentType: string }>;
  log: Log;
  /** Whether the schema may be asked for; off where only known operations are expected. */
  introspection?: boolean;
  limits?: Partial<GatewayLimits>;
  fetch?: typeof fetch;
  webSocketImpl?: unknown;
}

export interface Gateway {
  fetch(request: Request): Promise<Response>;
  /** Serves a WebSocket on /graphql; throws when its origin may not connect. The function tells that it closed. */
  accept(socket: SocketLike, request: { url: string; headers: Headers }): (code: number, reason: string) => Promise<void>;
  close(): Promise<void>;
}

/** The one door, on web standards: any runtime with fetch and WebSocket can put it behind a server. */
export function createGateway(options: GatewayOptions): Gateway {
  const { urls, identity, log } = options;
  const limits: GatewayLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const send = options.fetch ?? fetch;
  const executor = createSupergraphExecutor(options.supergraphSdl);
  const pipeline = createPipeline(executor, { limits, introspection: options.introspection ?? true });
  const sources = createSources({ urls, fetch: send, sign: options.sign, timeoutMs: limits.subgraphMs });
  const operations = createOperations({ executor, sources, urls, sign: options.sign, limits, pipeline, log, webSocketImpl: options.webSocketImpl });
  const trace = (headers: Headers): RequestTrace => createRequestTrace(headers, log);
  const door = createWebSocketDoor({ operations, executor, identity, limits, log, trace });
  const auth = createAuthRoutes(identity, options.devIdentity);
  let draining = false;

  async function serve(request: Request, scope: RequestTrace): Promise<Response> {
    const path = new URL(request.url).pathname;
    if (path === "/graphql") return serveGraphql(request, scope);
    if (path === "/healthz") return new Response("ok\n");
    if (path === "/readyz") return readiness();
    if (path === "/metrics") {
      const { body, contentType } = await options.metrics();
      return new Response(body, { headers: { "content-type": contentType } });
    }
    if (path.startsWith("/auth/")) return auth(request, path);
    if (request.method !== "GET" && request.method !== "HEAD") throw new SomaError("NOT_FOUND", `${request.method} ${path} is not served here`);
    return serveStatic(options.readStatic, path);
  }

  async function serveGraphql(request: Request, scope: RequestTrace): Promise<Response> {
    if (request.method !== "POST") {
      return answer(
        {
          errors: [
            {
              message: "send operations with POST and content-type application/json, or over a WebSocket",
              extensions: { code: "BAD_INPUT", retryable: false, traceId: scope.traceId },
            },
          ],
        },
        405,
        { allow: "POST" },
      );
    }
    checkOrigin(request);
    if (!/^application\/(graphql-response\+)?json\b/.test(request.headers.get("content-type") ?? ""))
      throw new SomaError("BAD_INPUT", "the content-type is not application/json");
    const { principal } = await authenticate(identity, request.headers);
    const wanted = pipeline.parseRequest(parseJson(await readBody(request, limits.bodyBytes)));
    const planned = pipeline.prepare(wanted);
    if (planned.operation.operation === "subscription")
      throw new SomaError("BAD_INPUT", "subscriptions are served over a WebSocket with the protocol graphql-transport-ws");
    const { requestId, traceHeaders } = scope;
    const context = { principal, requestId, traceHeaders, signal: request.signal };
    return answer(await operations.execute(planned, wanted.variables, context, scope), 200);
  }

  async function readiness(): Promise<Response> {
    if (draining) return new Response("stopping\n", { status: 503 });
    const states = await Promise.all(
      Object.entries(urls).map(async ([name, url]) => {
        const ready = await send(new URL("/readyz", url), { signal: AbortSignal.timeout(2_000) }).then(
          (response) => response.ok,
          () => false,
        );
        return { name, ready };
      }),
    );
    const missing = states.filter((state) => !state.ready).map((state) => state.name);
    return missing.length === 0 ? new Response("ready\n") : new Response(`not ready: ${missing.join(", ")}\n`, { status: 503 });
  }

  return {
    async fetch(request) {
      const scope = trace(request.headers);
      const response = await serve(request, scope).catch((error: unknown) => answer(refused(error, scope), toKnownError(error).httpStatus));
      response.headers.set("x-request-id", scope.requestId);
      response.headers.set("x-trace-id", scope.traceId);
      return response;
    },
    accept(socket, request) {
      checkOrigin(request);
      if (draining) throw new SomaError("UNAVAILABLE", "the server is stopping");
      if (door.connections() >= limits.connections) throw new SomaError("LIMIT_EXCEEDED", `${limits.connections} connections are open, the most there may be`);
      return door.accept(socket, request.headers);
    },
    async close() {
      draining = true;
      await door.close();
      const end = Date.now() + limits.drainMs;
      while (operations.running() > 0 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
    },
  };
}

function answer(body: unknown, status: number, headers: Record<string, string> = {}): Response {
  return Response.json(body, { status, headers: { "cache-control": "no-store", ...headers } });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SomaError("BAD_INPUT", "the request body is not JSON", { cause });
  }
}

async function readBody(request: Request, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new SomaError("PAYLOAD_TOO_LARGE", `the request body is larger than ${maxBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
