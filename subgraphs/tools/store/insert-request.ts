import type { Json } from "@soma/schemas/json";
import type { Tx } from "@soma/shared/postgres/connect";
import type { AskedBy } from "../domain/tool-result.ts";

export interface ToolRequest {
  tenant: string;
  invocationId: string;
  tool: string;
  args: Json;
  askedBy: AskedBy;
  /** W3C traceparent of who asked; empty when it is not known. */
  traceParent: string;
}

/** Keeps what was asked for until it is answered. False when so many of its tenant wait already. */
export async function insertRequest(tx: Tx, request: ToolRequest, { most }: { most: number }): Promise<boolean> {
  const { tenant, invocationId, tool, args, askedBy, traceParent } = request;
  const rows = await tx`insert into tool_request (tenant, invocation_id, tool, args, asked_by, trace_parent)
    select ${tenant}, ${invocationId}, ${tool}, ${tx.json(args as never)}::jsonb, ${tx.json(askedBy as never)}::jsonb, ${traceParent}
      where (select count(*) from (select from tool_request where tenant = ${tenant} limit ${most}) waiting) < ${most}
    on conflict (tenant, invocation_id) do update set due_at = excluded.due_at
    returning 1`;
  return rows.length === 1;
}
