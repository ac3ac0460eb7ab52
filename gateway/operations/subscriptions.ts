import { SomaError } from "@soma/shared/errors";
import type { SignPrincipal } from "@soma/shared/identity/internal-token";
import { type ExecutionResult, type FormattedExecutionResult, GraphQLError } from "graphql";
import { unlessAborted } from "../ground/deadline.ts";
import type { GatewayLimits } from "../ground/limits.ts";
import type { Unread } from "../ground/unread.ts";
import type { SubscriptionNode } from "../upstream/supergraph.ts";
import type { Upstreams } from "../upstream/upstreams.ts";
import { createEventQueue } from "./event-queue.ts";
import { planEvents, type ResolveEventOptions, type ResolveEventParams, resolveEvent } from "./resolve-event.ts";

export interface SubscribeOptions extends ResolveEventOptions {
  urls: Readonly<Record<string, string>>;
  sign: SignPrincipal;
  limits: GatewayLimits;
  /** Counts the events that wait, among all that waits to be read. */
  unread: Unread;
  upstreams: Upstreams;
}

/**
 * A subscription over the federated graph. The subgraph that owns the root field is subscribed to; for each of its events the
 * operation's own plan is executed with the first fetch answered from the event, so that fields of other subgraphs are
 * resolved, shaped and reported exactly as in a query. When the subgraph is lost this operation ends with an error the client
 * may retry on, from its cursor; the client's connection stays. A reader that stays behind too far is ended the same way.
 *
 * Aborting the signal of its context ends it with the signal's reason. `onEnd` is called when it asks nothing more of the
 * subgraph; more than once, it may be.
 *
 * The iterator is written by hand because `return()` of a generator waits for the event before it, which in a quiet stream
 * may never come, and the subgraph would be kept busy for nobody.
 */
export function subscribe(
  options: SubscribeOptions,
  params: ResolveEventParams,
  onEnd: () => void,
): AsyncIterableIterator<FormattedExecutionResult> {
  const { trace, signal } = params.context;
  const plan = planEvents(params);
  const events = openEvents(options, params, plan.primary, onEnd);
  const left = new AbortController();
  // An event that is being resolved when nobody waits for it any more is given up, and nobody is told half of it.
  const context = { ...params.context, signal: AbortSignal.any([signal, left.signal]) };
  return {
    async next() {
      const { done, value } = await events.next();
      if (done === true) return { done, value };
      const resolved = trace.run(() => resolveEvent(options, { ...params, context }, { ...plan, event: value }));
      try {
        return { done: false, value: await unlessAborted(context.signal, resolved) };
      } catch (error) {
        events.stop();
        if (left.signal.aborted) return { done: true, value: undefined };
        throw signal.aborted ? abortReason(signal) : error;
      }
    },
    async return() {
      events.stop();
      left.abort();
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

const ENCODER = new TextEncoder();

/**
 * The events of the subgraph, queued for whoever reads them, until one side or the other ends. Others may hear the same ones: an
 * upstream that is shared has the request id of the first who asked.
 */
function openEvents(
  options: SubscribeOptions,
  { variables, context }: ResolveEventParams,
  primary: SubscriptionNode["primary"],
  onEnd: () => void,
): SubgraphEvents {
  const { signal, principal, trace } = context;
  const { limits, sign, unread, upstreams } = options;
  const { serviceName } = primary;
  const reader = { end: () => fail(tooSlow(events.waiting())) };
  const events = createEventQueue<ExecutionResult>({
    events: limits.queuedEvents,
    bytes: limits.queuedBytes,
    sizeOf: (event) => ENCODER.encode(JSON.stringify(event)).length,
    hold: (bytes) => unread.hold(reader, bytes),
  });
  const close = upstreams.follow(
    {
      url: urlOf(options, serviceName),
      query: primary.operation,
      variables: pick(variables, primary.variableUsages ?? []),
      principal,
      connectionParams: async () => ({ token: await sign(principal), requestId: trace.requestId }),
    },
    {
      next(event) {
        if (!events.push(event)) reader.end();
      },
      error: (error) => finish(toUpstreamError(error, serviceName)),
      complete: () => finish(),
    },
  );
  const onAbort = (): void => fail(abortReason(signal));
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();

  function fail(error: Error): void {
    events.drop(error);
    leave();
  }
  /** What is queued is still delivered, unless it is aborted meanwhile. */
  function finish(error?: Error): void {
    events.end(error);
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
      events.drop();
      leave();
    },
  };
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

function tooSlow({ events, bytes }: { events: number; bytes: number }): SomaError {
  return new SomaError(
    "SLOW_CONSUMER",
    `${events} events of ${bytes} bytes wait to be read; subscribe again from the last one`,
  );
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
