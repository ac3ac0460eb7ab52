import type { Tx } from "@soma/shared/postgres/connect";
import type { Used } from "../domain/spending.ts";

export const USAGE_BY = ["day", "role", "agent", "profile"] as const;
type UsageBy = (typeof USAGE_BY)[number];

export interface UsageRow extends Used {
  /** A day, a role, an agent or a profile; empty for tools, which have no profile. */
  key: string;
}

interface ListUsageParams {
  tenant: string;
  by: UsageBy;
  /** From this day on, as 2026-11-27; all when undefined. */
  since: string | undefined;
  after: string | undefined;
  before: string | undefined;
  backward: boolean;
  limit: number;
}

/** What a tenant used, by one of the columns, in the order of its values. */
export function listUsage(tx: Tx, params: ListUsageParams): Promise<UsageRow[]> {
  const { tenant, by, since, after = null, before = null, backward, limit } = params;
  const key = by === "day" ? tx`day::text` : tx(by);
  return tx<UsageRow[]>`
    select ${key} as key, sum((total).money)::float8 as money, sum(input_tokens)::float8 as "inputTokens", sum(cached_tokens)::float8 as "cachedTokens",
        sum(output_tokens)::float8 as "outputTokens", sum((total).model_calls)::float8 as "modelCalls", sum((total).tool_calls)::float8 as "toolCalls"
      from usage
     where tenant = ${tenant} and day >= ${since ?? "-infinity"}::text::date and (${after}::text is null or ${key} > ${after}) and (${before}::text is null or ${key} < ${before})
     group by 1 order by 1 ${backward ? tx`desc` : tx``} limit ${limit}`;
}
