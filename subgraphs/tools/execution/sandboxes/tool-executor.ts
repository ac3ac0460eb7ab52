import type { Tool, ToolContext } from "@soma/sdk/define-tool";
import type { Log } from "@soma/shared/log";
import type { Outcome } from "../../domain/invocation.ts";

/** One attempt of a tool. */
export interface Execution {
  tool: Tool;
  args: unknown;
  context: Pick<ToolContext, "invocationId" | "idempotencyKey" | "tenant" | "dataDir">;
  /** Milliseconds until it is stopped. */
  timeoutMs: number;
  /** Cancels it. */
  signal: AbortSignal;
  /** Takes output; false when some was dropped because there is too much of it. */
  onOutput(text: string): boolean;
  log: Log;
}

/** Runs a tool and tells what became of it; never throws for what a tool does. One implementation for each isolation. */
export interface ToolExecutor {
  execute(execution: Execution): Promise<Outcome>;
}
