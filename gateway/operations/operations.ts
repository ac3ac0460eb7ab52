import { SomaError } from "@soma/shared/errors";
import type { FormattedExecutionResult } from "graphql";
import { settledWithin, withDeadline } from "../ground/deadline.ts";
import { formatResult } from "../ground/format-error.ts";
import type { OperationContext } from "../ground/operation-context.ts";
import type { RequestTrace } from "../ground/request-trace.ts";
import type { CallerBounds } from "./caller-bounds.ts";
import type { AdmittedOperation, Pipeline, PipelineInput } from "./pipeline.ts";
import { drainingError, refused } from "./refusal.ts";
import { abortReason, type SubscribeOptions, subscribe } from "./subscriptions.ts";

/** The request or message that waits for a result; its signal aborts when nobody waits any more. */
interface Call {
  trace: RequestTrace;
  signal: AbortSignal;
}

export interface Operations {
  /** Lets an operation in through the pipeline, or throws what is wrong with it. */
  admit(input: PipelineInput): Promise<AdmittedOperation>;
  /**
   * A query, which is given up with its call, or a mutation, which is finished once begun, though what is read below it is given
   * up like a query. Rejects, and begins nothing, when its caller has too many under way.
   */
  execute(admitted: AdmittedOperation, call: Call): Promise<FormattedExecutionResult>;
  /**
   * The results of a subscription, which throw what ended it before its time. Rejects when its caller has too many, or wants it
   * no more.
   */
  subscribe(admitted: AdmittedOperation, call: Call): Promise<AsyncIterableIterator<FormattedExecutionResult>>;
  /** Queries and mutations under way. */
  running(): number;
  /** Whether nothing more is admitted. */
  draining(): boolean;
  /** Admits nothing more, and waits for what is under way, at most `limits.drainMs`. */
  drain(): Promise<void>;
}

/** Operations from their arrival to their result, the same for every transport. */
export function createOperations(
  options: SubscribeOptions & { pipeline: Pipeline; callers: CallerBounds },
): Operations {
  const { limits, pipeline, callers } = options;
  const running = new Set<Promise<unknown>>();
  let draining = false;

  return {
    async admit(input) {
      if (draining) throw drainingError();
      if (running.size >= limits.concurrentOperations)
        throw new SomaError("LIMIT_EXCEEDED", `${running.size} operations are under way; try again in a moment`);
      return pipeline(input);
    },
    execute(admitted, { trace, signal }) {
      const { principal } = admitted.identified;
      const work = executeCounted(options, admitted, { principal, trace, signal }).finally(() => running.delete(work));
      // At once, also while it waits to be counted: the gateway's own bound and its drain must see it.
      running.add(work);
      return work;
    },
    async subscribe({ identified: { principal }, ...admitted }, { trace, signal }) {
      const leave = await callers.enter(principal, "subscriptions");
      try {
        if (signal.aborted) throw abortReason(signal);
        return subscribe(options, { ...admitted, context: { principal, trace, signal } }, leave);
      } catch (error) {
        leave();
        throw error;
      }
    },
    running: () => running.size,
    draining: () => draining,
    async drain() {
      draining = true;
      await settledWithin(running, limits.drainMs);
    },
  };
}

/**
 * One of the operations that its caller may have under way. What it reads is given up when its caller leaves or its time is up,
 * also between one subgraph and the next, and also below a mutation; a mutation itself is not.
 */
async function executeCounted(
  options: SubscribeOptions & { callers: CallerBounds },
  admitted: AdmittedOperation,
  context: OperationContext,
): Promise<FormattedExecutionResult> {
  const leave = await options.callers.enter(context.principal, "operations");
  try {
    return await withDeadline(context.signal, options.limits.queryMs, (signal) =>
      execute(options, admitted, { ...context, signal }),
    );
  } finally {
    leave();
  }
}

async function execute(
  { executor, sources }: SubscribeOptions,
  { planned, variables }: AdmittedOperation,
  context: OperationContext,
): Promise<FormattedExecutionResult> {
  try {
    return formatResult(await executor.execute({ planned, variables, sources, context }), context.trace);
  } catch (error) {
    return refused(error, context.trace);
  }
}
