import { isPooled, POOL, retentionMs, type TopicsConf } from "@soma/conf/topics";

/** A topic as it is to be. */
export interface WantedTopic {
  name: string;
  partitions: number;
  replication: number;
  /** By Kafka's own names. */
  config: Record<string, string>;
}

/** What a principal may do with all names that begin so. */
export interface WantedAccess {
  principal: string;
  resource: "topic" | "group" | "transactional id";
  name: string;
  isPrefix: boolean;
  operation: "read" | "write" | "describe";
}

export interface Wanted {
  topics: WantedTopic[];
  access: WantedAccess[];
  quotas: { principal: string; producerBytes?: number | undefined; consumerBytes?: number | undefined }[];
}

/** Everything that topics.yaml asks for, in the order of its tenants and topics. */
export function findWanted(conf: TopicsConf): Wanted {
  const tenants = Object.entries(conf.tenants);
  const owners = Object.keys(conf.tenants).filter((tenant) => !isPooled(conf, tenant));
  if (conf.default.isolation === "pooled" || owners.length < tenants.length) owners.push(POOL);
  return {
    topics: owners.flatMap((owner) => topicsOf(owner, conf)),
    access: [
      ...(conf.service === undefined ? [] : accessOfService(conf.service.principal, conf)),
      ...tenants.flatMap(([tenant, { principal }]) =>
        principal === undefined ? [] : accessOf(tenant, principal, conf),
      ),
    ],
    quotas: tenants.flatMap(([, { principal, quota }]) =>
      principal === undefined || quota === undefined ? [] : [{ principal, ...quota }],
    ),
  };
}

function topicsOf(owner: string, conf: TopicsConf): WantedTopic[] {
  const { replication } = conf.default;
  const minIsr = String(replication >= 3 ? 2 : 1);
  // On a topic of many nobody could say who wrote, so what others write is taken from topics of one tenant alone.
  const topics = Object.entries(conf.topics).filter(([, { consumed }]) => owner !== POOL || consumed !== true);
  return topics.flatMap(([event, said]) => {
    const name = `soma.${owner}.${event}`;
    const retention = said.retention ?? conf.default.retention;
    const config = {
      "cleanup.policy": said.compaction === true ? "compact" : "delete",
      "retention.ms": String(retentionMs(retention)),
      "min.insync.replicas": minIsr,
    };
    const dead = {
      ...config,
      "cleanup.policy": "delete",
      "retention.ms": String(retentionMs(conf.deadLetters.retention)),
    };
    const topic = { name, partitions: said.partitions ?? conf.default.partitions, replication, config };
    return [
      topic,
      // Each event stands there in the partition of the same number.
      ...(said.enriched === true ? [{ ...topic, name: `${name}.enriched` }] : []),
      { name: `${name}.dlq`, partitions: conf.deadLetters.partitions, replication, config: dead },
    ];
  });
}

/** The id by which brokers know one enricher from another. */
const ENRICHER = { resource: "transactional id", name: "soma-enricher", isPrefix: false } as const;

/** What the product itself does: it publishes and consumes, finds out which topics there are, and may copy some. */
function accessOfService(principal: string, conf: TopicsConf): WantedAccess[] {
  const isEnriched = Object.values(conf.topics).some(({ enriched }) => enriched === true);
  const topics = { principal, resource: "topic", name: "soma.", isPrefix: true } as const;
  return [
    { ...topics, operation: "read" },
    { ...topics, operation: "write" },
    { ...topics, operation: "describe" },
    { principal, resource: "group", name: "soma-consumers.", isPrefix: true, operation: "read" },
    { principal, resource: "transactional id", name: "soma-relay.", isPrefix: true, operation: "write" },
    { principal, resource: "transactional id", name: "soma-relay.", isPrefix: true, operation: "describe" },
    ...(["write", "describe"] as const).flatMap((operation) =>
      isEnriched ? [{ principal, ...ENRICHER, operation }] : [],
    ),
  ];
}

/** A tenant's principal reads all that is the tenant's, writes only what we consume, and uses groups and transactions of its name. */
function accessOf(tenant: string, principal: string, conf: TopicsConf): WantedAccess[] {
  const prefix = `soma.${tenant}.`;
  const consumed = Object.entries(conf.topics).filter(([, topic]) => topic.consumed === true);
  const base = { principal, name: prefix, isPrefix: true };
  return [
    { ...base, resource: "topic", operation: "read" },
    { ...base, resource: "topic", operation: "describe" },
    ...consumed.map(
      ([event]): WantedAccess => ({
        principal,
        resource: "topic",
        name: `${prefix}${event}`,
        isPrefix: false,
        operation: "write",
      }),
    ),
    { ...base, resource: "group", operation: "read" },
    { ...base, resource: "transactional id", operation: "write" },
    { ...base, resource: "transactional id", operation: "describe" },
  ];
}
