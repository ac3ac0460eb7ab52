import type { ToolsPort } from "@soma/sdk/services";
import type { Spender } from "./spender.ts";

const ONE_CALL = { money: 0, tokens: 0, modelCalls: 0, toolCalls: 1 };
const USED = { money: 0, inputTokens: 0, cachedTokens: 0, outputTokens: 0, modelCalls: 0, toolCalls: 1 };

/** Tools whose calls are counted: each once, by its key, however often it is asked for. */
export function meteredTools(tools: ToolsPort, spender: Spender): ToolsPort {
  return {
    ...tools,
    async invoke(params) {
      const call = `tool:${params.idempotencyKey}`;
      const answer = await spender.reserve({ call, profile: "", want: ONE_CALL, isPriced: true });
      if (answer.verdict === "EXCEEDED") throw spender.spent(answer, ONE_CALL);
      // Counted when it is asked for: what becomes of it is the tool's.
      await spender.settle(call, USED);
      return tools.invoke(params);
    },
  };
}
