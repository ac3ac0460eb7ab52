import type { ToolContext } from "../define-tool.ts";

/** A context with complete defaults, to run a tool without a server: tenant acme, no limit, output that goes nowhere. */
export function aToolContext(changes: Partial<ToolContext> = {}): ToolContext {
  return {
    signal: new AbortController().signal,
    invocationId: "01920000-0000-8000-8000-000000000001",
    idempotencyKey: "key",
    tenant: "acme",
    dataDir: "/nowhere",
    emit: () => {},
    now: () => new Date(),
    ...changes,
  };
}
