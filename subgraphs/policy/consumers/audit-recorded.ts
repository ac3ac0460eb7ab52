import { consume } from "@soma/shared/bus/consume";
import type { EventBus, Subscription } from "@soma/shared/bus/event-bus";
import type { Sql } from "@soma/shared/postgres/connect";
import { keepAuditEvent } from "../audit/keep-audit-event.ts";

/** Keeps the audit events of every subgraph in one place; our own are there already. */
export function consumeAuditRecorded(deps: { bus: EventBus; sql: Sql }): Promise<Subscription> {
  return consume({
    ...deps,
    consumer: "policy-audit",
    type: "agent.audit.v1",
    async handle(tx, { tenant, data }) {
      await keepAuditEvent(tx, { tenant, event: data });
    },
  });
}
