import { consumeInbound } from "@soma/shared/bus/consume-inbound";
import type { EventBus, Subscription } from "@soma/shared/bus/event-bus";
import type { InboundTenants } from "@soma/shared/bus/inbound-tenants";
import type { Sql } from "@soma/shared/postgres/connect";
import { acceptRequest } from "../commands/accept-request.ts";
import type { Registry } from "../execution/catalog/registry.ts";

export interface ToolRequestedDeps {
  bus: EventBus;
  /** Pool of the worker role. */
  sql: Sql;
  tenants: InboundTenants;
  registry: Registry;
  /** Throws while nothing new may begin. */
  admit(): Promise<void>;
  /** Told when there is something to answer. */
  onAccepted(): void;
}

/** Takes requests for tools: what has the form of a call waits for its answer, durable, and the next one is taken. */
export function consumeToolRequested({ onAccepted, registry, ...deps }: ToolRequestedDeps): Promise<Subscription> {
  return consumeInbound({
    ...deps,
    consumer: "tools-requested",
    type: "tool.request.v1",
    async handle(tx, { tenant, data }) {
      await acceptRequest(tx, { registry, tenant, event: data });
      onAccepted();
    },
  });
}
