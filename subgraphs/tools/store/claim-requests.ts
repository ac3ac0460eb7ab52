import type { Sql } from "@soma/shared/postgres/connect";
import type { ToolRequest } from "./insert-request.ts";

interface ClaimRequestsParams {
  /** Those that are being answered: nobody else looks at them meanwhile. */
  kept: readonly { tenant: string; invocationId: string }[];
  limit: number;
  leaseMs: number;
}

/** Requests to be answered, longest waiting first, each taken by one process until its lease ends; those kept stay so. */
export async function claimRequests(sql: Sql, { kept, limit, leaseMs }: ClaimRequestsParams): Promise<ToolRequest[]> {
  const until = sql`clock_timestamp() + ${leaseMs} * interval '1 millisecond'`;
  return sql<ToolRequest[]>`
    with mine as (
      update tool_request r set due_at = ${until}
        from unnest(${kept.map(({ tenant }) => tenant)}::text[], ${kept.map(({ invocationId }) => invocationId)}::uuid[]) k(tenant, invocation_id)
       where r.tenant = k.tenant and r.invocation_id = k.invocation_id returning r.tenant, r.invocation_id),
    due as (
      select d.tenant, d.invocation_id from tool_request d
       where d.due_at <= clock_timestamp() and (d.tenant, d.invocation_id) not in (select tenant, invocation_id from mine)
       order by d.due_at limit ${limit} for update skip locked)
    update tool_request r set due_at = ${until} from due
     where r.tenant = due.tenant and r.invocation_id = due.invocation_id
    returning r.tenant, r.invocation_id as "invocationId", r.tool, r.args, r.asked_by as "askedBy", r.trace_parent as "traceParent"`;
}
