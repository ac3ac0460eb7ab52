import { consume } from "@soma/shared/bus/consume";
import type { EventBus, Subscription } from "@soma/shared/bus/event-bus";
import type { Sql } from "@soma/shared/postgres/connect";
import { cancelInvocationsOfRun } from "../commands/cancel-invocations-of-run.ts";

const ENDED: ReadonlySet<string> = new Set(["succeeded", "failed", "canceled"]);

/**
 * Stops what still runs for a run that has ended: whoever ended it may not have reached us, and nobody asks for the answer
 * any more.
 */
export function consumeRunEnded(deps: { bus: EventBus; sql: Sql }): Promise<Subscription> {
  return consume({
    ...deps,
    consumer: "tools-run-ended",
    type: "agent.runs.v1",
    async handle(tx, { tenant, data }) {
      if (ENDED.has(data.status)) await cancelInvocationsOfRun(tx, { tenant, runId: data.run_id });
    },
  });
}
