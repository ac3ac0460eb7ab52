import type { ToolContext } from "@soma/sdk/define-tool";

/** A tool's context with complete defaults: tenant acme, no time limit, output that goes nowhere. */
export function aContext(changes: Partial<ToolContext> = {}): ToolContext {
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
