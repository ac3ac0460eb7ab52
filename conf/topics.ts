import { existsSync } from "node:fs";
import { EVENT_TYPES } from "@soma/schemas/events";
import { type Static, Type } from "typebox";
import { readConf, refuse, SHIPPED_CONF } from "./read-conf.ts";

const partitions = Type.Integer({
  minimum: 1,
  maximum: 1_000,
  description: "partitions; more may be added, none is taken",
});
const replication = Type.Integer({ minimum: 1, maximum: 7, description: "brokers that keep a copy" });
const retention = Type.String({
  pattern: "^([1-9][0-9]{0,4}d|forever)$",
  description: "how long records are kept, in days such as 7d, or forever",
});
const compaction = Type.Boolean({ description: "whether only the newest record of a key is kept" });
const isolation = Type.Union([Type.Literal("dedicated"), Type.Literal("pooled")], {
  description: "topics of its own, or those that all pooled tenants share",
});
const eventName = "^[a-z][a-z0-9.-]{0,80}\\.v[1-9][0-9]*$";
const tenantName = "^[a-z0-9-]{1,40}$";
const userName = Type.String({ pattern: "^[A-Za-z0-9._-]{1,100}$", description: "user of Kafka" });
const bytesPerSecond = Type.Integer({ minimum: 1_024, description: "bytes a second" });

const strict = { additionalProperties: false };

const TopicsSchema = Type.Object(
  {
    default: Type.Object({ partitions, replication, retention, isolation }, strict),
    topics: Type.Record(
      Type.String({ pattern: eventName }),
      Type.Object(
        {
          schema: Type.String({ pattern: eventName, description: "contract of its events" }),
          key: Type.String({
            minLength: 1,
            description: "field of the event that is its key; events of one key keep their order",
          }),
          consumed: Type.Optional(Type.Boolean({ description: "whether others write it and we read it" })),
          enriched: Type.Optional(
            Type.Boolean({ description: "whether there is a topic beside it for its events with their traces" }),
          ),
          partitions: Type.Optional(partitions),
          retention: Type.Optional(retention),
          compaction: Type.Optional(compaction),
        },
        strict,
      ),
      strict,
    ),
    deadLetters: Type.Object({ partitions, retention }, strict),
    service: Type.Optional(Type.Object({ principal: userName }, strict)),
    tenants: Type.Record(
      Type.String({ pattern: tenantName }),
      Type.Object(
        {
          isolation: Type.Optional(isolation),
          principal: Type.Optional(userName),
          quota: Type.Optional(
            Type.Partial(Type.Object({ producerBytes: bytesPerSecond, consumerBytes: bytesPerSecond }), strict),
          ),
        },
        strict,
      ),
      strict,
    ),
  },
  strict,
);

export type TopicsConf = Static<typeof TopicsSchema>;

const CONTRACTS: ReadonlySet<string> = new Set(EVENT_TYPES);

/** The name that stands where a tenant's does, in the topics of those that are pooled. */
export const POOL = "pool";

/** Whether the events of a tenant stand in topics that it shares. */
export function isPooled({ default: { isolation }, tenants }: TopicsConf, tenant: string): boolean {
  return (tenants[tenant]?.isolation ?? isolation) === "pooled";
}

/** The topics of an installation: topics.yaml of a folder, or the shipped one where the folder has none. */
export function loadTopics(folder: URL = SHIPPED_CONF): TopicsConf {
  const own = new URL("topics.yaml", folder);
  const file = existsSync(own) ? own : new URL("topics.yaml", SHIPPED_CONF);
  const conf = readConf(file, TopicsSchema);
  refuse(file.pathname, faultsOf(conf));
  return conf;
}

function faultsOf(conf: TopicsConf): string[] {
  const { tenants, topics, service } = conf;
  const principals = Object.entries(tenants).flatMap(([tenant, { principal }]) =>
    principal === undefined ? [] : [{ tenant, principal }],
  );
  if (service !== undefined) principals.push({ tenant: "service", principal: service.principal });
  const shared = Map.groupBy(principals, ({ principal }) => principal);
  return [
    ...(Object.hasOwn(tenants, POOL)
      ? [`tenants/${POOL} is the name of what is pooled, and no tenant may have it`]
      : []),
    ...[...shared.values()]
      .filter(({ length }) => length > 1)
      .map(
        (each) =>
          `${each.map(({ tenant }) => tenant).join(", ")} have one principal, "${each[0]?.principal}": each could do what the others may`,
      ),
    ...Object.entries(tenants)
      .filter(([, { principal, quota }]) => quota !== undefined && principal === undefined)
      .map(([tenant]) => `tenants/${tenant} has a quota and no principal, whom it would be for`),
    ...Object.entries(tenants)
      .filter(([tenant, { principal }]) => principal !== undefined && isPooled(conf, tenant))
      .map(([tenant]) => `tenants/${tenant} is pooled and has a principal, who would read all that are pooled`),
    ...Object.entries(topics)
      .filter(([, { schema }]) => !CONTRACTS.has(schema))
      .map(([topic, { schema }]) => `topics/${topic} has the schema "${schema}", which no event of ours has`),
  ];
}

const DAY_MS = 86_400_000;

/** Milliseconds as Kafka has them; -1 for ever. */
export function retentionMs(retention: string): number {
  const days = Number.parseInt(retention, 10);
  return Number.isNaN(days) ? -1 : days * DAY_MS;
}
