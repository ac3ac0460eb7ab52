import type { ToolInvocation, ToolsPort } from "@soma/sdk/services";
import { toSomaError } from "@soma/shared/errors";
import { beginSpan } from "@soma/shared/telemetry";
import { GEN_AI, OPERATION } from "./gen-ai.ts";

/** Tools each of whose calls is a span; never with its arguments or its output. */
export function tracedTools(tools: ToolsPort): ToolsPort {
  return {
    ...tools,
    async invoke(params) {
      const { tool, callId, idempotencyKey } = params;
      const span = beginSpan(`${OPERATION.executeTool} ${tool}`, "INTERNAL", {
        [GEN_AI.operation]: OPERATION.executeTool,
        [GEN_AI.toolName]: tool,
        [GEN_AI.toolType]: "function",
        [GEN_AI.toolCallId]: callId ?? tools.invocationIdOf(idempotencyKey),
      });
      const end = (error?: string): void =>
        span.end(error === undefined ? {} : { [GEN_AI.errorType]: error }, error !== undefined);
      let answer: ToolInvocation;
      try {
        answer = await span.within(() => tools.invoke(params));
      } catch (error) {
        end(toSomaError(error).code);
        throw error;
      }
      end(answer.error?.type);
      return answer;
    },
  };
}
