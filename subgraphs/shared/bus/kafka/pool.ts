import { EVENT_TOPICS } from "@soma/schemas/events";
import { type EventRecord, POOL } from "../event-record.ts";

/** What others write is on a topic of its tenant: in one of many, who wrote it would not be known. */
const INBOUND: ReadonlySet<string> = new Set(
  Object.values(EVENT_TOPICS).flatMap(({ emitted, consumed }) => (emitted === consumed ? [] : [consumed])),
);
const TOPIC = /^soma\.([a-z0-9-]{1,40})\.(.+)$/;

/** Which tenants share topics. Everybody else of the product sees each record on its tenant's own topic, under its own key. */
export interface Pool {
  /** Where a record stands in Kafka. */
  toPlace(record: EventRecord): EventRecord;
  /** What a record of Kafka is; left as it is, and so refused by who consumes it, when it is not what it says. */
  fromPlace(record: EventRecord): EventRecord;
}

/** `tenants` are those that share; an asterisk among them stands for all. */
export function createPool(tenants: readonly string[]): Pool {
  // Nobody else may stand where the pool does.
  const names = new Set([...tenants, POOL]);
  const has = (tenant: string): boolean => names.has("*") || names.has(tenant);
  return {
    toPlace(record) {
      const [, tenant = "", event = ""] = TOPIC.exec(record.topic) ?? [];
      if (event === "" || !has(tenant)) return record;
      return { ...record, topic: `soma.${POOL}.${event}`, key: `${tenant}/${record.key}` };
    },
    fromPlace(record) {
      const [, owner, event = ""] = TOPIC.exec(record.topic) ?? [];
      const { ce_tenant: tenant = "" } = record.headers;
      const prefix = `${tenant}/`;
      if (owner !== POOL || INBOUND.has(event) || !has(tenant) || !record.key.startsWith(prefix)) return record;
      return { ...record, topic: `soma.${tenant}.${event}`, key: record.key.slice(prefix.length) };
    },
  };
}
