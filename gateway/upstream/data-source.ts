import type { GraphQLDataSource } from "@apollo/gateway";
import { SomaError, toSomaError } from "@soma/shared/errors";
import type { SignPrincipal } from "@soma/shared/identity/internal-token";
import { GraphQLError } from "graphql";
import { withDeadline } from "../ground/deadline.ts";
import type { OperationContext } from "../ground/operation-context.ts";
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

/** A failure is thrown with the place of the answer that is missing, so that a client sees which of its fields it costs. */
async function process(
  name: string,
  url: string,
  params: ProcessParams,
  options: DataSourceOptions,
): Promise<ProcessResult> {
  const context = params.context as OperationContext;
  try {
    return await withDeadline(context.signal, options.timeoutMs, (signal) =>
      ask(name, url, params, { context, signal, options }),
    );
  } catch (error) {
    const path = "pathInIncomingRequest" in params ? visiblePath(params.pathInIncomingRequest) : undefined;
    throw new GraphQLError(`the ${name} service failed`, {
      path: path ?? null,
      originalError: outOfTime(context) ?? explain(name, options.timeoutMs, error),
    });
  }
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
): Promise<ProcessResult> {
  const { principal, trace } = context;
  signal.throwIfAborted();
  const { status, body } = await options.send({
    method: "POST",
    url,
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${await options.sign(principal)}`,
      "x-request-id": trace.requestId,
      ...trace.headers(),
    },
    body: JSON.stringify({ query: params.request.query, variables: params.request.variables ?? {} }),
    signal,
  });
  if (status === 401) {
    throw new SomaError(
      "INTERNAL",
      `the ${name} service refused the token of the gateway; SOMA_INTERNAL_SIGNING_KEY does not fit its SOMA_INTERNAL_VERIFY_KEY`,
    );
  }
  try {
    return JSON.parse(body) as ProcessResult;
  } catch (cause) {
    throw new SomaError("UNAVAILABLE", `the ${name} service answered ${status} with something that is not JSON`, {
      cause,
    });
  }
}

/** The time of the whole operation was up, whichever subgraph it was just asking. */
function outOfTime({ signal }: OperationContext): SomaError | undefined {
  const reason: unknown = signal?.reason;
  if (!(reason instanceof DOMException) || reason.name !== "TimeoutError") return undefined;
  return new SomaError("TIMEOUT", `the operation ${reason.message}`, { cause: reason });
}

function explain(name: string, timeoutMs: number, error: unknown): SomaError {
  if (error instanceof SomaError) return error;
  const { code } = toSomaError(error);
  if (code === "TIMEOUT")
    return new SomaError("TIMEOUT", `the ${name} service did not answer within ${timeoutMs} ms`, { cause: error });
  if (code === "CANCELED") return new SomaError("CANCELED", "the request was canceled", { cause: error });
  return new SomaError("UNAVAILABLE", `the ${name} service cannot be reached`, { cause: error });
}

/** The part of a plan's path that a client can follow: up to the first list, whose items were asked for together. */
function visiblePath(path: readonly (string | number)[] | undefined): (string | number)[] | undefined {
  const list = path?.indexOf("@") ?? -1;
  const visible = list === -1 ? path : path?.slice(0, list);
  return visible === undefined || visible.length === 0 ? undefined : [...visible];
}
