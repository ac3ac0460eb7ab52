import type { Tx } from "@soma/shared/postgres/connect";
import type { Used } from "../domain/spending.ts";

/** What the runs of each session used together; none for one in which nothing was called. */
export function sumSessionUsage(tx: Tx, { tenant, sessionIds }: { tenant: string; sessionIds: readonly string[] }) {
  return tx<(Used & { sessionId: string })[]>`
    select r.session_id as "sessionId", sum((v.used).money)::float8 as money, sum(v.input_tokens)::float8 as "inputTokens",
        sum(v.cached_tokens)::float8 as "cachedTokens", sum(v.output_tokens)::float8 as "outputTokens",
        sum((v.used).model_calls)::float8 as "modelCalls", sum((v.used).tool_calls)::float8 as "toolCalls"
      from run r join reservation v on v.tenant = r.tenant and v.run_id = r.run_id
     where r.tenant = ${tenant} and r.session_id = any (${[...sessionIds]}::uuid[]) and v.settled_at is not null group by r.session_id`;
}
