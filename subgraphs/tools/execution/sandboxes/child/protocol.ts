import type { ToolContext } from "@soma/sdk/define-tool";

/** The one line a child process is given on stdin. When stdin ends, the child ends. */
export interface ChildJob {
  args: unknown;
  context: Pick<ToolContext, "invocationId" | "idempotencyKey" | "tenant" | "dataDir">;
}

/** A line a child process writes on stdout: output as it comes, then one end. */
export type ChildMessage = { out: string } | { end: { ok: true } | { ok: false; type: string; message: string } };
