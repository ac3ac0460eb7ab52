import { SomaError } from "@soma/shared/errors";
import type { Log } from "@soma/shared/log";
import type { Identity } from "../ground/identity.ts";
import type { GatewayLimits } from "../ground/limits.ts";
import { type RequestTrace, traced } from "../ground/request-trace.ts";
import type { Operations } from "../operations/operations.ts";
import { refused } from "../operations/refusal.ts";
import { ALWAYS, answer, answerError } from "./answer.ts";
import { authenticate, checkOrigin } from "./auth.ts";
import { readJson } from "./read-json.ts";

const GET_GRAPHQL =
  "send operations with POST and content-type application/json, or over a WebSocket with the protocol graphql-transport-ws";

/** Answers a request in a trace of its own. What its route throws is an answer too; all carry the same headers. */
export function respond(
  request: Request,
  log: Log,
  route: (request: Request, trace: RequestTrace) => Promise<Response>,
): Promise<Response> {
  return traced(`gateway ${request.method}`, request.headers, log, async (trace) => {
    const response = await route(request, trace).catch((error: unknown) => answerError(error, trace));
    for (const [name, value] of Object.entries(ALWAYS)) response.headers.set(name, value);
    response.headers.set("x-request-id", trace.requestId);
    response.headers.set("x-trace-id", trace.traceId);
    return response;
  });
}

interface GraphqlRouteOptions {
  operations: Operations;
  identity: Identity;
  limits: GatewayLimits;
}

/** POST /graphql: a query or mutation. */
export async function serveGraphql(
  request: Request,
  trace: RequestTrace,
  { operations, identity, limits }: GraphqlRouteOptions,
): Promise<Response> {
  if (request.method !== "POST")
    return answer(refused(new SomaError("BAD_INPUT", GET_GRAPHQL), trace), 405, { allow: "POST" });
  checkOrigin(request);
  const payload = await readJson(request, limits.bodyBytes);
  const admitted = await operations.admit({
    identify: () => authenticate(identity, request.headers),
    payload,
    kinds: ["query", "mutation"],
  });
  return answer(await operations.execute(admitted, { trace, signal: request.signal }), 200);
}
