import { SomaError } from "@soma/shared/errors";
import type { ExecutionResult, FormattedExecutionResult } from "graphql";
import { withDeadline } from "../ground/deadline.ts";
import { formatResult } from "../ground/format-error.ts";
import type { GatewayLimits } from "../ground/limits.ts";
import type { OperationContext } from "../ground/operation-context.ts";
import type { PlanNode, Sources, SubscriptionNode, SupergraphExecutor } from "../upstream/supergraph.ts";
import type { FrameBounds } from "./frame-bounds.ts";
import type { AdmittedOperation } from "./pipeline.ts";

export interface ResolveEventOptions {
  executor: SupergraphExecutor;
  sources: Sources;
  limits: Pick<GatewayLimits, "queryMs">;
  /** What may be executed of the subscriptions of a caller. */
  frames: FrameBounds;
}

export interface ResolveEventParams extends Omit<AdmittedOperation, "identified"> {
  context: OperationContext;
}

interface EventPlan {
  primary: SubscriptionNode["primary"];
  node: PlanNode;
  /** What an event takes of its caller's allowance. */
  price: number;
}

/** The subscription's own plan, with its first fetch as an ordinary one. No event is free for which another fetch follows. */
export function planEvents({ planned, eventPrice }: ResolveEventParams): EventPlan {
  const node = planned.plan.node as SubscriptionNode | undefined;
  if (node?.kind !== "Subscription") throw new SomaError("INTERNAL", "the operation was not planned as a subscription");
  const { primary, rest } = node;
  if (rest === undefined) return { primary, node: primary, price: eventPrice };
  const nodes = [primary, ...(rest.kind === "Sequence" ? rest.nodes : [rest])];
  return { primary, node: { kind: "Sequence", nodes }, price: Math.max(1, eventPrice) };
}

/**
 * One event as its reader gets it. It has the time of a query: what is late is null, with TIMEOUT at its place, and the
 * subscription goes on.
 */
export function resolveEvent(
  options: ResolveEventOptions,
  params: ResolveEventParams,
  { price, ...plan }: EventPlan & { event: ExecutionResult },
): Promise<FormattedExecutionResult> {
  const { principal, signal } = params.context;
  const execute = (): Promise<FormattedExecutionResult> =>
    withDeadline(signal, options.limits.queryMs, (inTime) =>
      executePlan(options, { ...params, context: { ...params.context, signal: inTime } }, plan),
    );
  return price === 0 ? execute() : options.frames.use({ principal, price, signal }, execute);
}

async function executePlan(
  options: ResolveEventOptions,
  { planned, variables, context }: ResolveEventParams,
  { event, primary, node }: Omit<EventPlan, "price"> & { event: ExecutionResult },
): Promise<FormattedExecutionResult> {
  const source = options.sources[primary.serviceName];
  // What other services answer is written into the event, which others may hear too.
  const own = node === primary ? event : structuredClone(event);
  const sources = {
    ...options.sources,
    [primary.serviceName]: {
      process: (request: Parameters<NonNullable<typeof source>["process"]>[0]) =>
        request.request.query === primary.operation ? Promise.resolve(own) : source?.process(request),
    },
  };
  return formatResult(
    await options.executor.execute({ planned, node, variables, sources: sources as Sources, context }),
    context.trace,
  );
}
