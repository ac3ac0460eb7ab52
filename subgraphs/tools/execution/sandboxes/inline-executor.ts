import { ToolError } from "@soma/sdk/define-tool";
import { isFullDisk } from "../../domain/full-disk.ts";
import type { Outcome } from "../../domain/invocation.ts";
import type { Execution, ToolExecutor } from "./tool-executor.ts";

/**
 * Runs a trusted tool in this process. When it is canceled or out of time its signal aborts and its outcome is decided at
 * once; what it still does or writes after that is its own affair, so a tool that may not listen belongs in a child process.
 */
export const inlineExecutor: ToolExecutor = {
  async execute({ tool, args, context, timeoutMs, signal, onOutput, log }: Execution): Promise<Outcome> {
    const limit = AbortSignal.timeout(timeoutMs);
    const stop = AbortSignal.any([signal, limit]);
    let over = false;
    const work = async (): Promise<Outcome> => {
      let truncated = false;
      const emit = (text: string): void => {
        if (!over && !onOutput(text)) truncated = true;
      };
      const result = await tool.run(args, { ...context, signal: stop, emit, now: () => new Date() });
      if (result !== undefined) emit(result);
      return truncated ? { kind: "TRUNCATED" } : { kind: "OK" };
    };
    const stopped = new Promise<Outcome>((resolve) => {
      const decide = (): void =>
        resolve(signal.aborted ? { kind: "CANCELED" } : { kind: "TIMEOUT", limitMs: timeoutMs });
      if (stop.aborted) decide();
      else stop.addEventListener("abort", decide, { once: true });
    });
    const worked = work().catch((error: unknown): Outcome => {
      if (error instanceof ToolError) return { kind: "ERROR", type: error.type, message: error.message };
      if (isFullDisk(error)) return { kind: "DISK_FULL" };
      if (!over && !stop.aborted)
        log.error({ err: error, tool: tool.name }, "a tool failed in a way it did not foresee");
      return {
        kind: "ERROR",
        type: "internal",
        message: `${tool.name} failed inside; the log has it under the trace id`,
      };
    });
    return Promise.race([stopped, worked]).finally(() => {
      over = true;
    });
  },
};
