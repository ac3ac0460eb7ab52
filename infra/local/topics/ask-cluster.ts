import { setTimeout as sleep } from "node:timers/promises";
import kafkajs, { type AclEntry, type Admin } from "kafkajs";
import { accessKey, type Found, type TopicChange } from "./plan-topics.ts";
import type { WantedAccess, WantedTopic } from "./wanted-topics.ts";

const {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  ConfigResourceTypes,
  ConfigSource,
  KafkaJSProtocolError,
  ResourcePatternTypes,
} = kafkajs;

const HEARD_MS = 30_000;
const LOOK_MS = 100;

const RESOURCES = {
  topic: AclResourceTypes.TOPIC,
  group: AclResourceTypes.GROUP,
  "transactional id": AclResourceTypes.TRANSACTIONAL_ID,
} as const;
const OPERATIONS = {
  read: AclOperationTypes.READ,
  write: AclOperationTypes.WRITE,
  describe: AclOperationTypes.DESCRIBE,
} as const;

/** What a cluster has of the topics that are wanted, and of access lists to names of ours. */
export async function findOnCluster(admin: Admin, wanted: readonly WantedTopic[]): Promise<Found> {
  const there = new Set(await admin.listTopics());
  const names = wanted.map(({ name }) => name).filter((name) => there.has(name));
  return { topics: await findTopics(admin, names), access: await findAccess(admin) };
}

async function findTopics(admin: Admin, names: string[]): Promise<Found["topics"]> {
  const found: Found["topics"] = new Map();
  if (names.length === 0) return found;
  const { topics } = await admin.fetchTopicMetadata({ topics: names });
  const resources = names.map((name) => ({ type: ConfigResourceTypes.TOPIC, name }));
  const configs = await admin.describeConfigs({ resources, includeSynonyms: false });
  for (const { name, partitions } of topics) {
    const entries = configs.resources.find(({ resourceName }) => resourceName === name)?.configEntries ?? [];
    found.set(name, {
      partitions: partitions.length,
      replication: partitions[0]?.replicas.length ?? 0,
      config: Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue])),
    });
  }
  return found;
}

async function findAccess(admin: Admin): Promise<WantedAccess[] | undefined> {
  try {
    const { resources } = await admin.describeAcls({
      resourceType: AclResourceTypes.ANY,
      resourcePatternType: ResourcePatternTypes.ANY,
      operation: AclOperationTypes.ANY,
      permissionType: AclPermissionTypes.ALLOW,
    });
    return resources.flatMap(({ resourceType, resourceName, resourcePatternType, acls }) =>
      acls.flatMap(({ principal, operation, host }) => {
        const resource = nameOf(RESOURCES, resourceType);
        const verb = nameOf(OPERATIONS, operation);
        // What is let from one machine alone is less than what is wanted.
        if (resource === undefined || verb === undefined || host !== "*") return [];
        const isPrefix = resourcePatternType === ResourcePatternTypes.PREFIXED;
        return [
          { principal: principal.replace(/^User:/, ""), resource, name: resourceName, isPrefix, operation: verb },
        ];
      }),
    );
  } catch (error) {
    if (error instanceof KafkaJSProtocolError && error.type === "SECURITY_DISABLED") return undefined;
    throw error;
  }
}

function nameOf<K extends string>(table: Record<K, number>, value: number): K | undefined {
  return (Object.keys(table) as K[]).find((name) => table[name] === value);
}

/** Does the steps of a plan; topics that another one makes at the same time are made. */
export async function makeChanges(admin: Admin, steps: readonly TopicChange[]): Promise<void> {
  const topics = steps.flatMap((step) => (step.kind === "create" ? [step.topic] : []));
  if (topics.length > 0) {
    await admin.createTopics({ topics: topics.map(toKafkaTopic), waitForLeaders: false });
    await untilLed(
      admin,
      topics.map(({ name }) => name),
    );
  }
  const allowed = steps.flatMap((step) => (step.kind === "allow" ? [step.access] : []));
  if (allowed.length > 0) {
    await admin.createAcls({ acl: allowed.map(toEntry) });
    await untilAllowed(admin, allowed);
  }
  for (const step of steps) await change(admin, step);
}

/** Brokers hear of new access lists, too, a moment after they were made. */
async function untilAllowed(admin: Admin, wanted: readonly WantedAccess[]): Promise<void> {
  const deadline = performance.now() + HEARD_MS;
  for (;;) {
    const found = new Set((await findAccess(admin))?.map(accessKey));
    if (wanted.every((access) => found.has(accessKey(access)))) return;
    if (performance.now() > deadline) throw new Error(`new access lists are not heard of after ${HEARD_MS} ms`);
    await sleep(LOOK_MS);
  }
}

/** Brokers hear of a new topic one after the other, and say meanwhile that there is none. */
async function untilLed(admin: Admin, topics: string[]): Promise<void> {
  const deadline = performance.now() + HEARD_MS;
  for (;;) {
    const { topics: found } = await admin.fetchTopicMetadata({ topics }).catch((error: unknown) => {
      if (error instanceof KafkaJSProtocolError && error.retriable) return { topics: [] };
      throw error;
    });
    const led = found.filter(({ partitions }) => partitions.every(({ leader }) => leader >= 0));
    if (led.length === topics.length) return;
    if (performance.now() > deadline)
      throw new Error(
        `${topics.length - led.length} of ${topics.length} new topics have no leader after ${HEARD_MS} ms`,
      );
    await sleep(LOOK_MS);
  }
}

/** A step about a topic that is there. */
async function change(admin: Admin, step: TopicChange): Promise<void> {
  switch (step.kind) {
    case "add partitions":
      await admin.createPartitions({ topicPartitions: [{ topic: step.topic, count: step.to }] });
      return;
    case "set":
      await setConfig(admin, step.topic, step.changes);
  }
}

function toKafkaTopic({ name, partitions, replication, config }: WantedTopic) {
  const configEntries = Object.entries(config).map(([key, value]) => ({ name: key, value }));
  return { topic: name, numPartitions: partitions, replicationFactor: replication, configEntries };
}

/** The client replaces all that was set of a topic, so that what others have set goes with it. */
async function setConfig(admin: Admin, topic: string, changes: readonly { name: string; to: string }[]): Promise<void> {
  const asked = { resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }], includeSynonyms: false };
  const { resources } = await admin.describeConfigs(asked);
  const kept = (resources[0]?.configEntries ?? [])
    .filter(
      ({ configSource, configName }) =>
        configSource === ConfigSource.TOPIC_CONFIG && !changes.some(({ name }) => name === configName),
    )
    .map(({ configName, configValue }) => ({ name: configName, value: configValue }));
  const configEntries = [...kept, ...changes.map(({ name, to }) => ({ name, value: to }))];
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
  });
}

function toEntry({ principal, resource, name, isPrefix, operation }: WantedAccess): AclEntry {
  return {
    principal: `User:${principal}`,
    host: "*",
    resourceType: RESOURCES[resource],
    resourceName: name,
    resourcePatternType: isPrefix ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
    operation: OPERATIONS[operation],
    permissionType: AclPermissionTypes.ALLOW,
  };
}
