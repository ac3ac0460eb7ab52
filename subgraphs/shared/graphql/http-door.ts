import { type ApolloServer, HeaderMap } from "@apollo/server";
import { isRecord } from "@soma/schemas/json";
import { SomaError, toSomaError } from "../errors.ts";
import type { Fetch } from "../http/listen.ts";
import { metricsAreElsewhere } from "../http/metrics-are-elsewhere.ts";
import { answerReadiness, type FindFaults } from "../http/readiness.ts";
import { isServedAs } from "../http/served-name.ts";
import type { Log } from "../log.ts";
import { durationHistogram } from "../metrics.ts";
import { parseJson, readText } from "../read-text.ts";
import { REQUEST_ID_HEADER, toRequestId } from "../request-id.ts";
import { withRequestSignal } from "../request-signal.ts";
import { contextFromHeaders, withSpan } from "../telemetry.ts";
import type { RequestContext } from "./context.ts";

export interface HttpDoorOptions {
  name: string;
  /** The address the port is bound to. */
  host: string;
  apollo: ApolloServer<RequestContext>;
  contextFor(token: string | undefined, requestId: string | undefined): Promise<RequestContext>;
  findFaults: FindFaults;
  /** What is served beside GraphQL, by its path; who asks there is the door's own affair. */
  doors: Readonly<Record<string, Fetch>>;
  log: Log;
}

/** Bytes of a request, and of one message over a socket. */
export const MAX_REQUEST_BYTES = 1_048_576;
/** Paths that are not ours share one label, so that a stranger cannot add series. */
const ROUTES = ["/graphql", "/healthz", "/readyz"];

const requests = durationHistogram(
  "http_server_request_duration_seconds",
  "Requests a subgraph served, by route and status",
  ["service", "route", "status"],
);

/** What a subgraph answers over HTTP: GraphQL, `/healthz`, `/readyz`, and its other doors. */
export function createHttpDoor(options: HttpDoorOptions): Fetch {
  const routes = [...ROUTES, ...Object.keys(options.doors)];
  return async (request) => {
    const { pathname: path, hostname } = new URL(request.url);
    const end = requests.startTimer({ service: options.name, route: routes.includes(path) ? path : "other" });
    const { headers } = request;
    const requestId = toRequestId(headers.get(REQUEST_ID_HEADER));
    const parent = contextFromHeaders({
      traceparent: headers.get("traceparent") ?? undefined,
      tracestate: headers.get("tracestate") ?? undefined,
      [REQUEST_ID_HEADER]: requestId,
    });
    const attributes = { "http.request.method": request.method };
    const work = async (): Promise<Response> =>
      isServedAs(options.host, hostname) ? serve(options, { request, path, requestId }) : notHere(hostname);
    const response = await withSpan(`${options.name} ${path}`, attributes, work, { parent }).catch((error: unknown) =>
      refuse(error, options.log),
    );
    end({ status: String(response.status) });
    return response;
  };
}

interface Asked {
  request: Request;
  path: string;
  /** That of its caller, or one of its own. */
  requestId: string;
}

async function serve(options: HttpDoorOptions, asked: Asked): Promise<Response> {
  const { request, path } = asked;
  const door = Object.hasOwn(options.doors, path) ? options.doors[path] : undefined;
  if (door !== undefined) return door(request);
  if (path === "/healthz") return new Response("ok");
  if (path === "/readyz") return answerReadiness(await options.findFaults());
  if (path === "/metrics") throw metricsAreElsewhere();
  if (path === "/graphql" && request.method === "POST") return serveGraphql(options, asked);
  throw new SomaError("NOT_FOUND", `${request.method} ${path} is not served here`);
}

async function serveGraphql({ apollo, contextFor }: HttpDoorOptions, { request, requestId }: Asked): Promise<Response> {
  const { headers } = request;
  const context = await contextFor(bearerOf(headers), requestId);
  const body = parseJson(await readText(request.body, MAX_REQUEST_BYTES, "the request body"), "the request body");
  const execute = () =>
    apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: { method: request.method, headers: new HeaderMap(headers), search: "", body },
      context: async () => context,
    });
  const result = await (mayBeMutation(body) ? execute() : withRequestSignal(request.signal, execute));
  if (result.body.kind !== "complete") throw new SomaError("BAD_INPUT", "incremental delivery is not supported");
  return new Response(result.body.string, {
    status: result.status ?? 200,
    headers: { "content-type": "application/json" },
  });
}

/** A mutation is finished once it has begun, whoever leaves. What is not read here for certain is treated as one. */
function mayBeMutation(body: unknown): boolean {
  const query: unknown = isRecord(body) ? body.query : undefined;
  return typeof query !== "string" || !/^\s*(\{|query\b)/.test(query) || /\bmutation\b/.test(query);
}

function bearerOf(headers: Headers): string | undefined {
  const authorization = headers.get("authorization");
  return authorization?.startsWith("Bearer ") === true ? authorization.slice(7) : undefined;
}

function notHere(hostname: string): Response {
  const message = `host "${hostname.slice(0, 200)}" is not served here`;
  return Response.json({ errors: [{ message, extensions: { code: "FORBIDDEN", retryable: false } }] }, { status: 421 });
}

function refuse(error: unknown, log: Log): Response {
  const known = toSomaError(error);
  if (known.code === "INTERNAL") log.error({ err: error }, "a request failed");
  const extensions = { code: known.code, retryable: known.retryable };
  return Response.json({ errors: [{ message: known.publicMessage, extensions }] }, { status: known.httpStatus });
}
