import type { GraphQLDataSource } from "@apollo/gateway";
import { type ErrorCode, SomaError } from "@soma/shared/errors";
import type { Principal } from "@soma/shared/identity/principal";
import { GraphQLError } from "graphql";
import type { Sources } from "./supergraph.ts";

/** What one operation carries to the subgraphs. */
export interface OperationContext {
  principal: Principal;
  requestId: string;
  traceHeaders: Record<string, string>;
  signal: AbortSignal;
}

export interface DataSourceOptions {
  /** GraphQL endpoints by subgraph. */
  urls: Readonly<Record<string, string>>;
  fetch: typeof fetch;
  sign(principal: Principal): Promise<string>;
  timeoutMs: number;
}

type ProcessParams = Parameters<GraphQLDataSource["process"]>[0];
type ProcessResult = Awaited<ReturnType<GraphQLDataSource["process"]>>;

/** One data source per subgraph, over fetch: forwards who asks, the request's id and its trace, and nothing else. */
export function createSources(options: DataSourceOptions): Sources {
  return Object.fromEntries(
    Object.entries(options.urls).map(([name, url]) => [name, { process: (params: ProcessParams) => ask(name, url, params, options) } as GraphQLDataSource]),
  );
}

async function ask(name: string, url: string, params: ProcessParams, options: DataSourceOptions): Promise<ProcessResult> {
  const { principal, requestId, traceHeaders, signal } = params.context as OperationContext;
  const limit = AbortSignal.timeout(options.timeoutMs);
  try {
    const response = await options.fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${await options.sign(principal)}`, "x-request-id": requestId, ...traceHeaders },
      body: JSON.stringify({ query: params.request.query, variables: params.request.variables ?? {} }),
      signal: AbortSignal.any([signal, limit]),
    });
    return (await response.json()) as ProcessResult;
  } catch (cause) {
    if (signal.aborted) return failed("CANCELED", "the request was canceled", cause);
    if (limit.aborted) return failed("TIMEOUT", `the ${name} service did not answer within ${options.timeoutMs} ms`, cause);
    return failed("UNAVAILABLE", `the ${name} service cannot be reached`, cause);
  }
}

/** A failure as the subgraph's own answer, so that only the fields it would have given are missing. */
function failed(code: ErrorCode, message: string, cause: unknown): ProcessResult {
  const error = new SomaError(code, message, { cause });
  return { data: null, errors: [new GraphQLError(message, { originalError: error, extensions: { code } })] } as unknown as ProcessResult;
}
