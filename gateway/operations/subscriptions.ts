import { SomaError } from "@soma/shared/errors";
import type { SignPrincipal } from "@soma/shared/identity/internal-token";
import { type ExecutionResult, type FormattedExecutionResult, GraphQLError } from "graphql";
import { formatResult } from "../ground/format-error.ts";
import type { GatewayLimits } from "../ground/limits.ts";
import type { OperationContext } from "../ground/operation-context.ts";
import { openUpstream } from "../upstream/open-upstream.ts";
import type {
  PlanNode,
  PlannedOperation,
  Sources,
  SubscriptionNode,
  SupergraphExecutor,
} from "../upstream/supergraph.ts";
import { createEventQueue } from "./event-queue.ts";

export interface SubscribeOptions {
  executor: SupergraphExecutor;
  sources: Sources;
  urls: Readonly<Record<string, string>>;
  sign: SignPrincipal;
  limits: GatewayLimits;
  webSocketImpl?: unknown;
}

interface SubscribeParams {
  planned: PlannedOperation;
  variables: Record<string, unknown>;
  /** Aborting its signal ends the subscription with the signal's reason. */
  context: OperationContext & { signal: AbortSignal };
}

/**
 * A subscription over the federated graph. The subgraph that owns the root field is subscribed to; for each of its events the
 * operation's own plan is executed with the first fetch answered from the event, so that fields of other subgraphs are
 * resolved, shaped and reported exactly as in a query. When the subgraph is lost this operation ends with an error the client
 * may retry on, from its cursor; the client's connection stays. A reader that stays behind too far is ended the same way.
 *
 * `onEnd` is called when it asks nothing more of the subgraph; more than once, it may be.
 *
 * The iterator is written by hand because `return()` of a generator waits for the event before it, which in a quiet stream
 * may never come, and the subgraph would be kept busy for nobody.
 */
export function subscribe(
  options: SubscribeOptions,
  params: SubscribeParams,
  onEnd: () => void,
): AsyncIterableIterator<FormattedExecutionResult> {
  const { trace } = params.context;
  const plan = eventPlan(params.planned);
  const events = openEvents(options, params, plan.primary, onEnd);
  return {
    async next() {
      const { done, value } = await events.next();
      if (done === true) return { done, value };
      return { done: false, value: await trace.run(() => resolveEvent(options, params, { ...plan, event: value })) };
    },
    async return() {
      events.stop();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

interface SubgraphEvents {
  next(): Promise<IteratorResult<ExecutionResult, undefined>>;
  /** Nobody reads any more. */
  stop(): void;
}

/** The events of the subgraph, queued for whoever reads them, until one side or the other ends. */
function openEvents(
  options: SubscribeOptions,
  { variables, context }: SubscribeParams,
  primary: EventPlan["primary"],
  onEnd: () => void,
): SubgraphEvents {
  const { signal, principal, trace } = context;
  const { limits, sign, webSocketImpl } = options;
  const { serviceName } = primary;
  const events = createEventQueue<ExecutionResult>(limits.queuedEvents);
  const close = openUpstream(
    {
      url: urlOf(options, serviceName),
      query: primary.operation,
      variables: pick(variables, primary.variableUsages ?? []),
      connectionParams: async () => ({ token: await sign(principal), requestId: trace.requestId }),
      limits,
      webSocketImpl,
    },
    {
      next(event) {
        if (!events.push(event)) fail(tooSlow(limits.queuedEvents));
      },
      error: (error) => finish(toUpstreamError(error, serviceName)),
      complete: () => finish(),
    },
  );
  const onAbort = (): void => fail(abortReason(signal));
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();

  function fail(error: Error): void {
    events.fail(error);
    leave();
  }
  function finish(error?: Error): void {
    events.end(error);
    signal.removeEventListener("abort", onAbort);
    onEnd();
  }
  function leave(): void {
    signal.removeEventListener("abort", onAbort);
    close();
    onEnd();
  }

  return {
    next: events.next,
    stop() {
      events.end();
      leave();
    },
  };
}

interface EventPlan {
  primary: SubscriptionNode["primary"];
  node: PlanNode;
}

/** The subscription's own plan, with its first fetch as an ordinary one. */
function eventPlan(planned: PlannedOperation): EventPlan {
  const node = planned.plan.node as SubscriptionNode | undefined;
  if (node?.kind !== "Subscription") throw new SomaError("INTERNAL", "the operation was not planned as a subscription");
  const { primary, rest } = node;
  if (rest === undefined) return { primary, node: primary };
  return { primary, node: { kind: "Sequence", nodes: [primary, ...(rest.kind === "Sequence" ? rest.nodes : [rest])] } };
}

async function resolveEvent(
  options: SubscribeOptions,
  params: SubscribeParams,
  { event, primary, node }: EventPlan & { event: ExecutionResult },
): Promise<FormattedExecutionResult> {
  const source = options.sources[primary.serviceName];
  const sources = {
    ...options.sources,
    [primary.serviceName]: {
      process: (request: Parameters<NonNullable<typeof source>["process"]>[0]) =>
        request.request.query === primary.operation ? Promise.resolve(event) : source?.process(request),
    },
  };
  const { planned, variables, context } = params;
  return formatResult(
    await options.executor.execute({ planned, node, variables, sources: sources as Sources, context }),
    context.trace,
  );
}

function urlOf({ urls }: SubscribeOptions, service: string): string {
  const url = urls[service];
  if (url === undefined) throw new SomaError("INTERNAL", `there is no subgraph "${service}"`);
  return url;
}

function pick(variables: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    names.filter((name) => Object.hasOwn(variables, name)).map((name) => [name, variables[name]]),
  );
}

function tooSlow(waiting: number): SomaError {
  return new SomaError("SLOW_CONSUMER", `${waiting} events wait to be read; subscribe again from the last one`);
}

/** Why a subscription ended that its caller, or the gateway, wanted no more. */
export function abortReason(signal: AbortSignal): SomaError {
  return signal.reason instanceof SomaError ? signal.reason : new SomaError("CANCELED", "the subscription was stopped");
}

/** Errors the subgraph told keep their code; everything else means that it was lost. */
function toUpstreamError(error: unknown, service: string): Error {
  const [first] = (Array.isArray(error) ? error : []) as { message: string; extensions?: Record<string, unknown> }[];
  if (first !== undefined) return new GraphQLError(first.message, { extensions: first.extensions ?? null });
  return new SomaError("UPSTREAM_UNAVAILABLE", `the ${service} service was lost; subscribe again from the last event`, {
    cause: error,
  });
}
