import { SomaError } from "@soma/shared/errors";
import type { FormattedExecutionResult } from "graphql";
import { settledWithin } from "../ground/deadline.ts";
import { type ErrorScope, formatError, formatResult } from "../ground/format-error.ts";
import type { OperationContext } from "../upstream/data-source.ts";
import { type AdmittedOperation, type Pipeline, type PipelineInput, RequestRefused } from "./pipeline.ts";
import { type SubscribeOptions, subscribe } from "./subscriptions.ts";

export interface Operations {
  /** Lets an operation in through the pipeline, or throws what is wrong with it. */
  admit(input: PipelineInput): Promise<AdmittedOperation>;
  /** A query or mutation. */
  execute(admitted: AdmittedOperation, context: OperationContext): Promise<FormattedExecutionResult>;
  /** The results of a subscription; throws what ended it before its time. */
  subscribe(
    admitted: AdmittedOperation,
    context: OperationContext & { signal: AbortSignal },
  ): AsyncIterableIterator<FormattedExecutionResult>;
  /** Queries and mutations under way. */
  running(): number;
  /** Admits nothing more, and waits for what is under way, at most `limits.drainMs`. */
  drain(): Promise<void>;
}

/** Operations from their arrival to their result, the same for every transport. */
export function createOperations(options: SubscribeOptions & { pipeline: Pipeline }): Operations {
  const { executor, sources, limits, pipeline } = options;
  const running = new Set<Promise<unknown>>();
  let draining = false;

  async function execute(
    { planned, variables }: AdmittedOperation,
    context: OperationContext,
  ): Promise<FormattedExecutionResult> {
    try {
      return formatResult(await executor.execute({ planned, variables, sources, context }), context.trace);
    } catch (error) {
      return refused(error, context.trace);
    }
  }

  return {
    async admit(input) {
      if (draining) throw drainingError();
      if (running.size >= limits.concurrentOperations)
        throw new SomaError("LIMIT_EXCEEDED", `${running.size} operations are under way; try again in a moment`);
      return pipeline(input);
    },
    execute(admitted, context) {
      const work = execute(admitted, context).finally(() => running.delete(work));
      running.add(work);
      return work;
    },
    subscribe: (admitted, context) => subscribe(options, { ...admitted, context }),
    running: () => running.size,
    async drain() {
      draining = true;
      await settledWithin(running, limits.drainMs);
    },
  };
}

export function drainingError(): SomaError {
  return new SomaError("SERVER_DRAINING", "this server is stopping; connect again and continue from the last event");
}

/** The answer to a request that was not executed. */
export function refused(error: unknown, scope: ErrorScope): { errors: ReturnType<typeof formatError>[] } {
  const errors = error instanceof RequestRefused ? error.errors : [error];
  return { errors: errors.map((each) => formatError(each, scope)) };
}
