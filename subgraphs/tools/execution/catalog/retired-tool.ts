import type { Tool } from "@soma/sdk/define-tool";

/** What is left of a tool that was called once and is no longer registered, so that its invocations can still be read. */
export function toRetiredTool({
  tool,
  toolVersion,
  effect,
  isolation,
}: Pick<Tool, "effect" | "isolation"> & { tool: string; toolVersion: string }): Tool {
  return {
    name: tool,
    version: toolVersion,
    description: "no longer registered",
    inputSchema: { type: "object" },
    risk: "high",
    effect,
    isolation,
    timeoutMs: 0,
    maxOutputBytes: 0,
    run: () => {
      throw new Error(`tool ${tool} is no longer registered`);
    },
  };
}
