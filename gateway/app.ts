import { SomaError } from "@soma/shared/errors";
import { metricsAreElsewhere } from "@soma/shared/http/metrics-are-elsewhere";
import {
  answerReadiness,
  type Check,
  createReadiness,
  type FindFaults,
  untilStopping,
} from "@soma/shared/http/readiness";
import type { SignPrincipal } from "@soma/shared/identity/internal-token";
import type { Log } from "@soma/shared/log";
import { notServed } from "./doors/answer.ts";
import { createAuthRoutes } from "./doors/auth.ts";
import { createEventStreams } from "./doors/event-stream.ts";
import { createHostCheck } from "./doors/hosts.ts";
import { respond, serveGraphql } from "./doors/http.ts";
import { JWKS_PATH, serveKeys } from "./doors/jwks.ts";
import { createOrigins } from "./doors/origins.ts";
import { type ReadStatic, serveStatic } from "./doors/static-files.ts";
import { createWebSocketDoor, type WebSocketDoor } from "./doors/websocket.ts";
import type { DevIdentity } from "./ground/dev-identity.ts";
import type { Identity } from "./ground/identity.ts";
import { DEFAULT_LIMITS, type GatewayLimits } from "./ground/limits.ts";
import type { RequestTrace } from "./ground/request-trace.ts";
import { createUnread, type Unread } from "./ground/unread.ts";
import { type CallerBounds, createCallerBounds, tellRefusals } from "./operations/caller-bounds.ts";
import { createFrameBounds } from "./operations/frame-bounds.ts";
import { createOperations } from "./operations/operations.ts";
import { createPipeline } from "./operations/pipeline.ts";
import type { RegisteredDocuments } from "./operations/registered-documents.ts";
import { createSources } from "./upstream/data-source.ts";
import { readSubgraphNames } from "./upstream/read-subgraph-names.ts";
import { createFetchSend, type Send } from "./upstream/send.ts";
import { STREAM_CURSORS, type StreamCursors } from "./upstream/stream-cursors.ts";
import { createSubgraphChecks } from "./upstream/subgraph-checks.ts";
import { createSupergraphExecutor } from "./upstream/supergraph.ts";
import { createUpstreams } from "./upstream/upstreams.ts";

export interface GatewayOptions {
  supergraphSdl: string;
  /** GraphQL endpoints by subgraph name. */
  urls: Readonly<Record<string, string>>;
  identity: Identity;
  /** Lets browsers sign in by a link; left out where identity comes from elsewhere. */
  devIdentity?: DevIdentity;
  /** Tells the public keys of its own tokens as JSON; left out where identity comes from elsewhere alone. */
  publishedKeys?: () => string;
  /** What its users type to get a link. */
  signInCommand: string;
  /** Signs who asks, for the subgraphs. */
  sign: SignPrincipal;
  readStatic: ReadStatic;
  /** What must be there for the gateway to be ready, beside its subgraphs. */
  checks?: Readonly<Record<string, Check>>;
  log: Log;
  /** Whether the schema may be asked for; off where only known operations are expected. */
  introspection?: boolean;
  /** Documents clients may name by their ids, and whether others are taken; without it every document is. */
  documents?: RegisteredDocuments;
  /** Origins whose pages may use this gateway, beside its own. */
  corsOrigins?: readonly string[];
  /** Refuses requests whose Host is not of this machine or one of these; left out, every Host is served. */
  hosts?: readonly string[];
  limits?: Partial<GatewayLimits>;
  /** What a caller may have of every gateway together; of this process alone when left out. */
  callers?: CallerBounds;
  /** Told the name of a bound that refused somebody, or ended what somebody had. */
  onRefused?: (bound: string) => void;
  /** How subgraphs are asked; fetch when left out. */
  send?: Send;
  /** How they are asked whether they are ready, when not in one line with what clients ask of them. */
  probe?: Send;
  /** Opens WebSockets to subgraphs; the runtime's own when left out. */
  webSocketImpl?: unknown;
  /** Streams that several may follow by one subscription to their subgraph; those of our graph when left out. */
  streamCursors?: StreamCursors;
}

export interface GatewayLoad {
  connections: number;
  /** Connections that have not introduced themselves yet, counted among the others. */
  strangers: number;
  /** Answers over HTTP that go on, event by event. */
  streams: number;
  subscriptions: number;
  /** What subgraphs are asked for them; several that follow the same stream cost one. */
  upstreams: number;
  /** Queries and mutations under way. */
  operations: number;
}

export interface Gateway extends Pick<WebSocketDoor, "refuseUpgrade" | "accept"> {
  fetch(request: Request): Promise<Response>;
  load(): GatewayLoad;
  /** What waits to be read by clients, for those who send it to count what they hold. */
  unread: Unread;
  findFaults: FindFaults;
  /** Refuses new operations, lets those under way finish, ends subscriptions and connections with "come again". */
  close(): Promise<void>;
}

/** The one door, on web standards: any runtime with fetch and WebSocket can put it behind a server. */
export function createGateway(options: GatewayOptions): Gateway {
  const { supergraphSdl, urls, identity, sign, log, send = createFetchSend() } = options;
  const limits: GatewayLimits = { ...DEFAULT_LIMITS, ...options.limits };
  checkUrls(supergraphSdl, urls);
  const executor = createSupergraphExecutor(supergraphSdl);
  const sources = createSources({ urls, send, sign, timeoutMs: limits.subgraphMs });
  const { onRefused = () => {} } = options;
  const bounds = options.callers ?? createCallerBounds(limits);
  const callers = tellRefusals(bounds, onRefused);
  const frames = createFrameBounds({ limits, callers: bounds, onWait: () => onRefused("frames of a caller") });
  const unread = createUnread(limits, onRefused);
  const pipeline = createPipeline(executor, {
    limits,
    introspection: options.introspection ?? true,
    callers,
    documents: options.documents,
  });
  const { webSocketImpl, streamCursors = STREAM_CURSORS } = options;
  const upstreams = createUpstreams({ cursors: streamCursors, limits, webSocketImpl });
  const operations = createOperations({
    executor,
    sources,
    urls,
    sign,
    limits,
    pipeline,
    callers,
    frames,
    unread,
    upstreams,
  });
  const findFaults = createReadiness(
    {
      gateway: untilStopping("the gateway", operations.draining),
      ...createSubgraphChecks(urls, options.probe ?? send),
      ...options.checks,
    },
    log,
  );
  const origins = createOrigins(options.corsOrigins ?? []);
  const checkHost = options.hosts === undefined ? () => {} : createHostCheck(options.hosts);
  const sockets = createWebSocketDoor({
    operations,
    callers,
    onRefused,
    schema: executor.schema,
    identity,
    origins,
    checkHost,
    limits,
    log,
  });
  const streams = createEventStreams({ operations, callers, limits, unread, onRefused });
  const { devIdentity: dev, signInCommand } = options;
  const auth = createAuthRoutes({ identity, dev, signInCommand, origins });

  async function route(request: Request, trace: RequestTrace): Promise<Response> {
    checkHost(request);
    const path = new URL(request.url).pathname;
    if (path === "/graphql") return serveGraphql(request, trace, { operations, identity, limits, origins, streams });
    if (path === "/healthz") return new Response("ok\n");
    if (path === "/readyz") return answerReadiness(await findFaults());
    if (path === "/metrics") throw metricsAreElsewhere();
    if (path.startsWith("/auth/")) return auth(request, path);
    if (request.method !== "GET" && request.method !== "HEAD") throw notServed(request, path);
    if (path === JWKS_PATH) return serveKeys(options.publishedKeys, request);
    return serveStatic(options.readStatic, path, request.headers);
  }

  return {
    fetch: (request) => respond(request, { log, origins, route }),
    refuseUpgrade: sockets.refuseUpgrade,
    accept: sockets.accept,
    unread,
    load() {
      const load = sockets.load();
      const subscriptions = load.subscriptions + streams.load().subscriptions;
      return {
        ...load,
        ...streams.load(),
        subscriptions,
        upstreams: upstreams.open(),
        operations: operations.running(),
      };
    },
    findFaults,
    async close() {
      await Promise.all([operations.drain(), sockets.close(), streams.close()]);
    },
  };
}

function checkUrls(supergraphSdl: string, urls: GatewayOptions["urls"]): void {
  const missing = readSubgraphNames(supergraphSdl).filter((name) => urls[name] === undefined);
  if (missing.length > 0)
    throw new SomaError("BAD_INPUT", `no URL is given for the subgraphs ${missing.join(", ")} of the supergraph`);
}
