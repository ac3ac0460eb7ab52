import { SomaError } from "@soma/shared/errors";
import type { Principal } from "@soma/shared/identity/principal";
import type { Log } from "@soma/shared/log";
import { authenticate, checkOrigin, createAuthRoutes } from "./doors/auth.ts";
import { readJson } from "./doors/read-json.ts";
import { type ReadStatic, serveStatic } from "./doors/static-files.ts";
import { createWebSocketDoor, type SocketLike } from "./doors/websocket.ts";
import { toKnownError } from "./ground/format-error.ts";
import type { DevIdentity, Identity } from "./ground/identity.ts";
import { DEFAULT_LIMITS, type GatewayLimits } from "./ground/limits.ts";
import { type RequestTrace, traced } from "./ground/request-trace.ts";
import { createOperations, drainingError, refused } from "./operations/operations.ts";
import { createPipeline, RequestRefused } from "./operations/pipeline.ts";
import { createSources } from "./upstream/data-source.ts";
import { createReadiness } from "./upstream/readiness.ts";
import { createFetchSend, type Send } from "./upstream/send.ts";
import { createSupergraphExecutor } from "./upstream/supergraph.ts";

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
  /** How subgraphs are asked; fetch when left out. */
  send?: Send;
  /** Opens WebSockets to subgraphs; the runtime's own when left out. */
  webSocketImpl?: unknown;
}

/** A request as an upgrade to WebSocket brings it. */
export interface UpgradeRequest {
  url: string;
  headers: Headers;
}

export interface GatewayLoad {
  connections: number;
  subscriptions: number;
  /** Queries and mutations under way. */
  operations: number;
}

export interface Gateway {
  fetch(request: Request): Promise<Response>;
  /** The answer to an upgrade that is not let in; undefined when it is. */
  refuseUpgrade(request: UpgradeRequest): Response | undefined;
  /** Serves a WebSocket that was let in. The function tells that it closed. */
  accept(socket: SocketLike, request: UpgradeRequest): (code: number, reason: string) => Promise<void>;
  load(): GatewayLoad;
  /** Refuses new operations, lets those under way finish, ends subscriptions and connections with "come again". */
  close(): Promise<void>;
}

/** Headers of every answer; pages add their policy. */
const ALWAYS = { "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" } as const;
const GET_GRAPHQL =
  "send operations with POST and content-type application/json, or over a WebSocket with the protocol graphql-transport-ws";

/** The one door, on web standards: any runtime with fetch and WebSocket can put it behind a server. */
export function createGateway(options: GatewayOptions): Gateway {
  const { urls, identity, log } = options;
  const limits: GatewayLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const send = options.send ?? createFetchSend();
  const executor = createSupergraphExecutor(options.supergraphSdl);
  const missing = executor.subgraphs.filter((name) => urls[name] === undefined);
  if (missing.length > 0)
    throw new SomaError("BAD_INPUT", `no URL is given for the subgraphs ${missing.join(", ")} of the supergraph`);
  const pipeline = createPipeline(executor, { limits, introspection: options.introspection ?? true });
  const sources = createSources({ urls, send, sign: options.sign, timeoutMs: limits.subgraphMs });
  const operations = createOperations({
    executor,
    sources,
    urls,
    sign: options.sign,
    limits,
    pipeline,
    webSocketImpl: options.webSocketImpl,
  });
  const door = createWebSocketDoor({ operations, executor, identity, limits, log });
  const auth = createAuthRoutes(identity, options.devIdentity);
  const readiness = createReadiness(urls, send);
  let draining = false;

  async function serve(request: Request, trace: RequestTrace): Promise<Response> {
    const path = new URL(request.url).pathname;
    if (path === "/graphql") return serveGraphql(request, trace);
    if (path === "/healthz") return new Response("ok\n");
    if (path === "/readyz") return draining ? new Response("stopping\n", { status: 503 }) : readiness();
    if (path === "/metrics") {
      const { body, contentType } = await options.metrics();
      return new Response(body, { headers: { "content-type": contentType } });
    }
    if (path.startsWith("/auth/")) return auth(request, path);
    if (request.method !== "GET" && request.method !== "HEAD")
      throw new SomaError("NOT_FOUND", `${request.method} ${path} is not served here`);
    return serveStatic(options.readStatic, path);
  }

  async function serveGraphql(request: Request, trace: RequestTrace): Promise<Response> {
    if (request.method !== "POST")
      return answer(refused(new SomaError("BAD_INPUT", GET_GRAPHQL), trace), 405, { allow: "POST" });
    checkOrigin(request);
    const payload = await readJson(request, limits.bodyBytes);
    const admitted = await operations.admit({
      identify: () => authenticate(identity, request.headers),
      payload,
      kinds: ["query", "mutation"],
    });
    const signal = admitted.planned.operation.operation === "mutation" ? undefined : request.signal;
    return answer(await operations.execute(admitted, { principal: admitted.identified.principal, trace, signal }), 200);
  }

  async function respond(request: Request, trace: RequestTrace): Promise<Response> {
    const response = await serve(request, trace).catch((error: unknown) =>
      answer(refused(error, trace), statusOf(error)),
    );
    for (const [name, value] of Object.entries(ALWAYS)) response.headers.set(name, value);
    response.headers.set("x-request-id", trace.requestId);
    response.headers.set("x-trace-id", trace.traceId);
    return response;
  }

  function checkUpgrade(request: UpgradeRequest): void {
    if (new URL(request.url).pathname !== "/graphql")
      throw new SomaError("NOT_FOUND", "WebSockets are served at /graphql");
    checkOrigin(request);
    if (draining) throw drainingError();
    if (door.load().connections >= limits.connections)
      throw new SomaError("LIMIT_EXCEEDED", `${limits.connections} connections are open, the most there may be`);
  }

  return {
    fetch: (request) => traced(`gateway ${request.method}`, request.headers, log, (trace) => respond(request, trace)),
    refuseUpgrade(request) {
      try {
        checkUpgrade(request);
        return undefined;
      } catch (error) {
        return answer(refused(error, { log, traceId: "" }), statusOf(error));
      }
    },
    accept: (socket, request) => door.accept(socket, request.headers),
    load: () => ({ ...door.load(), operations: operations.running() }),
    async close() {
      draining = true;
      await Promise.all([operations.drain(), door.close()]);
    },
  };
}

function statusOf(error: unknown): number {
  return error instanceof RequestRefused ? 400 : toKnownError(error).httpStatus;
}

function answer(body: unknown, status: number, headers: Record<string, string> = {}): Response {
  return Response.json(body, { status, headers: { "cache-control": "no-store", ...headers } });
}
