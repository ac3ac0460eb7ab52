import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ApolloServer, HeaderMap } from "@apollo/server";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { type GraphQLError, parse } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import { SomaError, toSomaError } from "../errors.ts";
import type { VerifyPrincipal } from "../identity/internal-token.ts";
import { newId } from "../ids.ts";
import type { Log } from "../log.ts";
import { durationHistogram, registry } from "../metrics.ts";
import { contextFromHeaders, withSpan } from "../telemetry.ts";
import { createRequestContext, type RequestContext } from "./context.ts";
import { formatError } from "./format-error.ts";

export interface SubgraphOptions {
  name: string;
  typeDefs: string;
  resolvers: object;
  verify: VerifyPrincipal;
  log: Log;
  host: string;
  /** 0 takes a free port. */
  port: number;
  /** Throws while the subgraph cannot serve, such as when its database is gone. */
  ready(): Promise<void>;
}

export interface Subgraph {
  /** GraphQL endpoint, http. The same path over ws serves subscriptions. */
  url: string;
  /** Refuses new work, lets requests in flight finish, closes sockets. */
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 1_048_576;
const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;
const requests = durationHistogram(
  "http_server_request_duration_seconds",
  "Requests a subgraph served, by route and status",
  ["service", "route", "status"],
);

/** Serves one subgraph: GraphQL over HTTP and graphql-ws, `/healthz`, `/readyz`, `/metrics`. Refuses whoever brings no signed internal token. */
export async function startSubgraph(options: SubgraphOptions): Promise<Subgraph> {
  const { log, verify } = options;
  const schema = buildSubgraphSchema([{ typeDefs: parse(options.typeDefs), resolvers: options.resolvers as never }]);
  const apollo = new ApolloServer<RequestContext>({
    schema,
    introspection: true,
    csrfPrevention: false,
    formatError: (_formatted, error) => formatError(error as GraphQLError, log),
    stopOnTerminationSignals: false,
    logger: {
      debug: () => {},
      info: () => {},
      warn: (message) => log.warn({ detail: message }, "the GraphQL server warns"),
      error: (message) => log.error({ detail: message }, "the GraphQL server failed"),
    },
  });
  await apollo.start();
  let draining = false;

  function contextFor(token: string | undefined, requestId: string | undefined): Promise<RequestContext> {
    return verify(token ?? "").then((principal) => {
      const id = requestId !== undefined && REQUEST_ID.test(requestId) ? requestId : newId();
      return createRequestContext({
        principal,
        requestId: id,
        log: log.child({ request_id: id, tenant: principal.tenant }),
      });
    });
  }

  async function serveGraphql(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const context = await contextFor(bearer(request.headers.authorization), header(request, "x-request-id"));
    const body: unknown = parseBody(await readBody(request));
    const headers = new HeaderMap(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const result = await apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: { method: request.method ?? "POST", headers, search: "", body },
      context: async () => context,
    });
    if (result.body.kind !== "complete") throw new SomaError("BAD_INPUT", "incremental delivery is not supported");
    send(response, result.status ?? 200, result.body.string, "application/json");
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "/").split("?")[0];
    if (path === "/healthz") return send(response, 200, "ok", "text/plain");
    if (path === "/readyz") {
      if (draining) throw new SomaError("UNAVAILABLE", `subgraph ${options.name} is stopping`);
      await options.ready();
      return send(response, 200, "ready", "text/plain");
    }
    if (path === "/metrics") return send(response, 200, await registry.metrics(), registry.contentType);
    if (path === "/graphql" && request.method === "POST") return serveGraphql(request, response);
    throw new SomaError("NOT_FOUND", `${request.method} ${path} is not served here`);
  }

  const server = createServer((request, response) => {
    const end = requests.startTimer({ service: options.name, route: (request.url ?? "/").split("?")[0] ?? "/" });
    response.on("finish", () => end({ status: String(response.statusCode) }));
    const parent = contextFromHeaders({
      traceparent: header(request, "traceparent"),
      tracestate: header(request, "tracestate"),
    });
    withSpan(
      `${options.name} ${request.url}`,
      { "http.request.method": request.method ?? "" },
      () => serve(request, response),
      parent,
    ).catch((error: unknown) => {
      const known = toSomaError(error);
      if (known.code === "INTERNAL") log.error({ err: error }, "a request failed");
      const body = {
        errors: [{ message: known.publicMessage, extensions: { code: known.code, retryable: known.retryable } }],
      };
      send(response, known.httpStatus, JSON.stringify(body), "application/json");
    });
  });

  const sockets = new WebSocketServer({
    server,
    path: "/graphql",
    maxPayload: MAX_BODY_BYTES,
    perMessageDeflate: false,
  });
  const disposable = useServer<Record<string, unknown>, { somaContext?: RequestContext }>(
    {
      schema,
      connectionInitWaitTimeout: 3_000,
      async onConnect(connection) {
        const { token, requestId } = connection.connectionParams ?? {};
        connection.extra.somaContext = await contextFor(
          typeof token === "string" ? token : undefined,
          typeof requestId === "string" ? requestId : undefined,
        );
        return true;
      },
      context: (connection) => connection.extra.somaContext,
      onError: (_connection, _id, _payload, errors) => errors.map((error) => formatError(error as GraphQLError, log)),
      onNext(_connection, _id, _payload, _args, result) {
        if (result.errors === undefined) return undefined;
        return { data: result.data ?? null, errors: result.errors.map((error) => formatError(error, log)) };
      },
    },
    sockets,
    12_000,
  );

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  const address = server.address() as AddressInfo;

  return {
    url: `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${address.port}/graphql`,
    async close() {
      draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await disposable.dispose();
      sockets.close();
      server.closeIdleConnections();
      const stragglers = setTimeout(() => server.closeAllConnections(), 3_000);
      await closed;
      clearTimeout(stragglers);
      await apollo.stop();
    },
  };
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function bearer(authorization: string | undefined): string | undefined {
  return authorization?.startsWith("Bearer ") === true ? authorization.slice(7) : undefined;
}

function send(response: ServerResponse, status: number, body: string, contentType: string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { "content-type": contentType, "content-length": Buffer.byteLength(body) }).end(body);
}

function parseBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new SomaError("BAD_INPUT", "the request body is not JSON", { cause });
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES)
      throw new SomaError("PAYLOAD_TOO_LARGE", `the request body is larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
