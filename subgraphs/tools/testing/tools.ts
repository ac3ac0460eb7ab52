import { defineTool, type Tool, type ToolSpec } from "@soma/sdk/define-tool";
import { type TObject, Type } from "typebox";

/** Open arguments, of which tests read one. */
const input = Type.Object({ say: Type.Optional(Type.Unknown()) });
type Run = ToolSpec<typeof input>["run"];

/** A tool with complete defaults: pure, in this process, with open arguments and ten seconds. */
export function aTool(name: string, run: Run, changes: Partial<Omit<ToolSpec<TObject>, "input" | "run">> = {}): Tool {
  return defineTool({
    name,
    version: "1",
    description: "for tests",
    input,
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
