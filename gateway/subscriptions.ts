import { SomaError } from "@soma/shared/errors";
import { stoppable } from "@soma/shared/graphql/stoppable";
import type { Principal } from "@soma/shared/identity/principal";
import { GraphQLError } from "graphql";
import { createClient } from "graphql-ws";
import type { OperationContext } from "./data-source.ts";
import type { RawResult } from "./format-error.ts";
import type { GatewayLimits } from "./limits.ts";
import type { PlanNode, PlannedOperation, Sources, SubscriptionNode, SupergraphExecutor } from "./supergraph.ts";

export interface SubscribeOptions {
  executor: SupergraphExecutor;
  sources: Sources;
  urls: Readonly<Record<string, string>>;
  sign(principal: Principal): Promise<string>;
  limits: GatewayLimits;
  webSocketImpl?: unknown;
}

export interface SubscribeParams {
  planned: PlannedOperation;
  variables: Record<string, unknown>;
  context: OperationContext;
}

/**
 * A subscription over the federated graph. The subgraph that owns the root field is subscribed to; for each of its events the
 * operation's own plan is executed with the first fetch answered from the event, so that fields of other subgraphs are
 * resolved, shaped and reported exactly as in a query. When the subgraph is lost this operation ends with an error the client
 * may retry on, from its cursor; the client's connection stays.
 */
export function subscribe(options: SubscribeOptions, params: SubscribeParams): AsyncIterableIterator<RawResult> {
  return stoppable((signal) => events(options, params, signal));
}

async function* events(options: SubscribeOptions, { planned, variables, context }: SubscribeParams, stopped: AbortSignal): AsyncGenerator<RawResult> {
  const { primary, node } = eventPlan(planned);
  const { serviceName } = primary;
  const url = options.urls[serviceName];
  const source = options.sources[serviceName];
  if (url === undefined || source === undefined) throw new SomaError("INTERNAL", `there is no subgraph "${serviceName}"`);
  const client = createClient({
    url: url.replace(/^http/, "ws"),
    retryAttempts: 0,
    keepAlive: options.limits.keepAliveMs,
    connectionAckWaitTimeout: options.limits.connectionInitMs,
    connectionParams: async () => ({ token: await options.sign(context.principal), requestId: context.requestId }),
    ...(options.webSocketImpl === undefined ? {} : { webSocketImpl: options.webSocketImpl }),
  });
  const upstreamVariables = Object.fromEntries((primary.variableUsages ?? []).filter((name) => name in variables).map((name) => [name, variables[name]]));
  const upstream = client.iterate<Record<string, unknown>>({ query: primary.operation, variables: upstreamVariables });
  const stop = (): void => void upstream.return?.();
  for (const signal of [stopped, context.signal]) signal.addEventListener("abort", stop, { once: true });
  try {
    for await (const event of upstream) {
      const answered = {
        ...options.sources,
        [serviceName]: {
          process: (request: Parameters<typeof source.process>[0]) =>
            request.request.query === primary.operation ? Promise.resolve(event) : source.process(request),
        },
      };
      yield await options.executor.execute({ planned, node, variables, sources: answered as Sources, context });
    }
    if (context.signal.aborted) throw reasonOf(context.signal);
  } catch (error) {
    throw context.signal.aborted ? reasonOf(context.signal) : toUpstreamError(error, serviceName);
  } finally {
    for (const signal of [stopped, context.signal]) signal.removeEventListener("abort", stop);
    await client.dispose();
  }
}

/** The subscription's own plan, with its first fetch as an ordinary one. */
function eventPlan(planned: PlannedOperation): { primary: SubscriptionNode["primary"]; node: PlanNode } {
  const node = planned.plan.node as SubscriptionNode | undefined;
  if (node?.kind !== "Subscription") throw new SomaError("INTERNAL", "the operation was not planned as a subscription");
  const { primary, rest } = node;
  if (rest === undefined) return { primary, node: primary };
  return { primary, node: { kind: "Sequence", nodes: [primary, ...(rest.kind === "Sequence" ? rest.nodes : [rest])] } };
}

function reasonOf(signal: AbortSignal): unknown {
  return signal.reason instanceof SomaError ? signal.reason : new SomaError("CANCELED", "the subscription was stopped");
}

/** Errors the subgraph told keep their code; everything else means that it was lost. */
function toUpstreamError(error: unknown, service: string): unknown {
  if (error instanceof SomaError) return error;
  const [first] = (Array.isArray(error) ? error : []) as { message: string; extensions?: Record<string, unknown> }[];
  if (first !== undefined) return new GraphQLError(first.message, { extensions: first.extensions ?? null });
  return new SomaError("UNAVAILABLE", `the ${service} service was lost; subscribe again from the last event`, { cause: error });
}
