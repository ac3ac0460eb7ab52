import { defineTool, type Tool, type ToolSpec } from "@soma/sdk/define-tool";

/** A tool with complete defaults: pure, in this process, with open arguments and ten seconds. */
export function aTool(
  name: string,
  run: ToolSpec<Record<string, unknown>>["run"],
  changes: Partial<ToolSpec<Record<string, unknown>>> = {},
): Tool {
  return defineTool<Record<string, unknown>>({
    name,
    version: "1",
    description: "for tests",
    inputSchema: { type: "object" },
    risk: "low",
    effect: "pure",
    isolation: "none",
    timeoutMs: 10_000,
    maxOutputBytes: 100_000,
    run,
    ...changes,
  });
}

export interface Gate {
  /** Resolves when the gate is opened. */
  passed: Promise<void>;
  open(): void;
}

export function aGate(): Gate {
  let open = (): void => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}
