import type { SessionPort } from "@soma/sdk/services";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import type { ServiceBinding } from "../engine/execute/run-context.ts";
import { keepSummary } from "../store/keep-summary.ts";
import { readEarlierTurns } from "../store/read-earlier-turns.ts";
import { readSummary } from "../store/read-summary.ts";

/** What was said in the session of a step's run, before it. */
export function bindSession(sql: Sql, { run }: Pick<ServiceBinding, "run">): SessionPort {
  const { tenant, sessionId, runId } = run;
  const before = { tenant, sessionId, beforeRunId: runId };
  return {
    async earlierTurns(limit) {
      const turns = await transaction(sql, {}, (tx) => readEarlierTurns(tx, { ...before, limit }));
      return turns.map(({ user, assistant }) => ({ user, assistant }));
    },
    past: (limit) =>
      transaction(sql, {}, async (tx) => {
        const kept = await readSummary(tx, before);
        const turns = await readEarlierTurns(tx, { ...before, afterRunId: kept?.uptoRunId, limit });
        return { summary: kept, turns };
      }),
    keepSummary: (summary) => transaction(sql, {}, (tx) => keepSummary(tx, { tenant, sessionId, runId, summary })),
  };
}
