import type { Tx } from "@soma/shared/postgres/connect";
import type { Used } from "../domain/spending.ts";

/** What each run used, without those that it has started; none for one that made no call. */
export function sumUsage(tx: Tx, { tenant, runIds }: { tenant: string; runIds: readonly string[] }) {
  return tx<(Used & { runId: string })[]>`
    select run_id as "runId", sum((used).money)::float8 as money, sum(input_tokens)::float8 as "inputTokens", sum(cached_tokens)::float8 as "cachedTokens",
        sum(output_tokens)::float8 as "outputTokens", sum((used).model_calls)::float8 as "modelCalls", sum((used).tool_calls)::float8 as "toolCalls"
      from reservation where tenant = ${tenant} and run_id = any (${[...runIds]}::uuid[]) and settled_at is not null group by run_id`;
}
