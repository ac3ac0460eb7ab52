import type { GraphQLDataSource } from "@apollo/gateway";
import { SomaError, toSomaError } from "@soma/shared/errors";
import type { SignPrincipal } from "@soma/shared/identity/internal-token";
import { GraphQLError } from "graphql";
import { withDeadline } from "../ground/deadline.ts";
import { FailedAt } from "../ground/failed-at.ts";
import { toKnownError } from "../ground/format-error.ts";
import type { OperationContext } from "../ground/operation-context.ts";
import { findPlaces } from "./find-places.ts";
import { GatewayRefused, readAnswer, type SubgraphResult } from "./read-answer.ts";
import type { Send } from "./send.ts";
import type { Sources } from "./supergraph.ts";

interface DataSourceOptions {
  /** GraphQL endpoints by subgraph. */
  urls: Readonly<Record<string, string>>;
  send: Send;
  sign: SignPrincipal;
  timeoutMs: number;
}

type ProcessParams = Parameters<GraphQLDataSource["process"]>[0];
type ProcessResult = Awaited<ReturnType<GraphQLDataSource["process"]>>;

/** One data source per subgraph, over HTTP: forwards who asks, the request's id and its trace, and nothing else. */
export function createSources(options: DataSourceOptions): Sources {
  return Object.fromEntries(
    Object.entries(options.urls).map(([name, url]) => [
      name,
      { process: (params: ProcessParams) => process(name, url, params, options) } as GraphQLDataSource,
    ]),
  );
}

/** A failure is thrown with the places of the answer that are missing, so that a client sees which of its fields it costs. */
async function process(
  name: string,
  url: string,
  params: ProcessParams,
  options: DataSourceOptions,
): Promise<ProcessResult> {
  const context = params.context as OperationContext;
  const outer = isMutation(params) ? undefined : context.signal;
  try {
    const result = await withDeadline(outer, options.timeoutMs, (signal) =>
      ask(name, url, params, { context, signal, options }),
    );
    return placed(result) as ProcessResult;
  } catch (error) {
    if (error instanceof GatewayRefused) logRefusal(name, context);
    throw new FailedAt(
      `the ${name} service failed`,
      findPlaces(params),
      outOfTime(outer) ?? explain(name, options.timeoutMs, error),
    );
  }
}

/** A result that says of nothing where it is missing has failed as a whole. */
function placed(result: SubgraphResult): SubgraphResult {
  const { data, errors = [] } = result;
  const [first] = errors;
  const isPlaced = (path: unknown): boolean => Array.isArray(path) && (path[0] !== "_entities" || path.length > 1);
  if (first === undefined || (data !== null && data !== undefined) || errors.some(({ path }) => isPlaced(path)))
    return result;
  throw toKnownError(new GraphQLError(first.message, { extensions: first.extensions ?? null }));
}

function logRefusal(name: string, { trace }: OperationContext): void {
  trace.log.error(
    { subgraph: name },
    "a subgraph refuses the gateway: SOMA_INTERNAL_SIGNING_KEY does not fit its SOMA_INTERNAL_VERIFY_KEY, or a proxy stands between",
  );
}

interface Asking {
  context: OperationContext;
  signal: AbortSignal;
  options: DataSourceOptions;
}

async function ask(
  name: string,
  url: string,
  params: ProcessParams,
  { context, signal, options }: Asking,
): Promise<SubgraphResult> {
  const { principal, trace } = context;
  signal.throwIfAborted();
  const answer = await options.send({
    method: "POST",
    url,
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${await options.sign(principal)}`,
      ...trace.headers(),
    },
    body: JSON.stringify({ query: params.request.query, variables: params.request.variables ?? {} }),
    signal,
  });
  return readAnswer(name, answer);
}

/** Nobody could say whether it was done if it were given up; it has the time of a subgraph, whoever leaves. */
function isMutation({ request }: ProcessParams): boolean {
  return /^\s*mutation\b/.test(request.query ?? "");
}

/** The time of the whole operation was up, whichever subgraph it was just asking. */
function outOfTime(signal: AbortSignal | undefined): SomaError | undefined {
  const reason: unknown = signal?.reason;
  if (!(reason instanceof DOMException) || reason.name !== "TimeoutError") return undefined;
  return new SomaError("TIMEOUT", `the operation ${reason.message}`, { cause: reason });
}

function explain(name: string, timeoutMs: number, error: unknown): SomaError {
  // What is larger than we read is no fault of the caller's.
  if (error instanceof SomaError && error.code === "PAYLOAD_TOO_LARGE")
    return new SomaError("UNAVAILABLE", `the ${name} service answered too much`, { cause: error });
  if (error instanceof SomaError) return error;
  const { code } = toSomaError(error);
  if (code === "TIMEOUT")
    return new SomaError("TIMEOUT", `the ${name} service did not answer within ${timeoutMs} ms`, { cause: error });
  if (code === "CANCELED") return new SomaError("CANCELED", "the request was canceled", { cause: error });
  return new SomaError("UNAVAILABLE", `the ${name} service cannot be reached`, { cause: error });
}
