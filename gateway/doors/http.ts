import type { Log } from "@soma/shared/log";
import { type FormattedExecutionResult, GraphQLError } from "graphql";
import type { Identity } from "../ground/identity.ts";
import type { GatewayLimits } from "../ground/limits.ts";
import { type RequestTrace, traced } from "../ground/request-trace.ts";
import type { Operations } from "../operations/operations.ts";
import type { Kinds } from "../operations/plan-document.ts";
import { KindRefused, RequestRefused, refused } from "../operations/refusal.ts";
import { answer, answerError, withIds } from "./answer.ts";
import { authenticate } from "./auth.ts";
import type { EventStreams } from "./event-stream.ts";
import { readGraphqlRequest } from "./graphql-request.ts";
import { type AnswerType, chooseMediaType, EVENT_STREAM } from "./media-types.ts";
import type { Origins } from "./origins.ts";

interface RespondOptions {
  log: Log;
  origins: Origins;
  route(request: Request, trace: RequestTrace): Promise<Response>;
}

/** Answers a request in a trace of its own. What its route throws is an answer too; all carry the same headers. */
export function respond(request: Request, { log, origins, route }: RespondOptions): Promise<Response> {
  return traced(`gateway ${request.method}`, request.headers, log, async (trace) => {
    const answered = async (): Promise<Response> => origins.answerPreflight(request) ?? route(request, trace);
    const response = await answered().catch((error: unknown) => answerError(error, trace));
    return origins.allow(request, withIds(response, trace));
  });
}

interface GraphqlRouteOptions {
  operations: Operations;
  identity: Identity;
  limits: GatewayLimits;
  origins: Origins;
  streams: EventStreams;
}

/** /graphql: a query by GET, a query or mutation by POST, and a subscription to who takes its events one by one. */
export async function serveGraphql(
  request: Request,
  trace: RequestTrace,
  options: GraphqlRouteOptions,
): Promise<Response> {
  const { operations, identity, limits, origins, streams } = options;
  origins.check(request);
  const chosen = chooseMediaType(request.headers.get("accept"));
  // What is refused before there is a stream is one answer.
  const mediaType = chosen === EVENT_STREAM ? "application/graphql-response+json" : chosen;
  try {
    const payload = await readGraphqlRequest(request, limits.bodyBytes);
    const admitted = await operations.admit({
      identify: () => authenticate(identity, request.headers),
      payload,
      kinds: kindsOf(request, chosen === EVENT_STREAM),
    });
    if (chosen === EVENT_STREAM) return await streams.answer(admitted, { trace, signal: request.signal });
    const result = await operations.execute(admitted, { trace, signal: request.signal });
    return answer(result, statusOf(result, mediaType), typeHeader(mediaType));
  } catch (error) {
    return refuse(error, trace, mediaType);
  }
}

function kindsOf({ method }: Request, isStream: boolean): Kinds {
  if (method === "GET") return ["query"];
  return isStream ? ["query", "mutation", "subscription"] : ["query", "mutation"];
}

/** Custom, as GraphQL over HTTP (September 2026) proposes: some fields have errors instead of data. */
const PARTIAL_SUCCESS = 294;

/** Those who take application/json look at the answer only; who takes the newer type can read the status for what it says. */
function statusOf({ data, errors }: FormattedExecutionResult, mediaType: AnswerType): number {
  if (mediaType === "application/json" || errors === undefined) return 200;
  return data === undefined ? 500 : PARTIAL_SUCCESS;
}

/**
 * A fault of the document or its variables is an answer of GraphQL, and 200 for those who take application/json. For the newer
 * type it is 400: GraphQL over HTTP (September 2026) recommends 422 here, the public audit of it asks for 400.
 */
function refuse(error: unknown, trace: RequestTrace, mediaType: AnswerType): Response {
  if (error instanceof KindRefused && error.kind === "mutation")
    return answer(refused(error, trace), 405, { ...typeHeader(mediaType), allow: "POST" });
  const ofDocument = error instanceof RequestRefused || error instanceof GraphQLError;
  return ofDocument && mediaType === "application/json"
    ? answer(refused(error, trace), 200)
    : answerError(error, trace, typeHeader(mediaType));
}

function typeHeader(mediaType: AnswerType): Record<string, string> {
  return { "content-type": `${mediaType}; charset=utf-8` };
}
