import { SomaError } from "@soma/shared/errors";
import type { Log } from "@soma/shared/log";
import type { FormattedExecutionResult } from "graphql";
import type { OperationContext } from "./data-source.ts";
import { type ErrorScope, formatError, formatResult, type RawResult } from "./format-error.ts";
import type { GatewayLimits } from "./limits.ts";
import type { Pipeline } from "./pipeline.ts";
import { type SubscribeOptions, subscribe } from "./subscriptions.ts";
import type { PlannedOperation } from "./supergraph.ts";

export interface Operations {
  pipeline: Pipeline;
  /** A query or mutation. */
  execute(planned: PlannedOperation, variables: Record<string, unknown>, context: OperationContext, scope: ErrorScope): Promise<FormattedExecutionResult>;
  subscribe(planned: PlannedOperation, variables: Record<string, unknown>, context: OperationContext): AsyncIterableIterator<RawResult>;
  /** Operations under way. */
  running(): number;
}

export interface OperationsOptions extends SubscribeOptions {
  pipeline: Pipeline;
  limits: GatewayLimits;
  log: Log;
}

/** Execution of planned operations, the same for every transport. */
export function createOperations(options: OperationsOptions): Operations {
  const { executor, sources, limits } = options;
  let running = 0;
  return {
    pipeline: options.pipeline,
    running: () => running,
    async execute(planned, variables, context, scope) {
      if (running >= limits.concurrentOperations)
        return refused(new SomaError("LIMIT_EXCEEDED", `${running} operations are under way; try again in a moment`), scope);
      running += 1;
      try {
        return formatResult(await executor.execute({ planned, variables, sources, context }), scope);
      } catch (error) {
        return refused(error, scope);
      } finally {
        running -= 1;
      }
    },
    subscribe: (planned, variables, context) => subscribe(options, { planned, variables, context }),
  };
}

export function refused(error: unknown, scope: ErrorScope): FormattedExecutionResult {
  return { errors: [formatError(error, scope)] };
}
