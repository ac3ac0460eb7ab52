import type { Wanted, WantedAccess, WantedTopic } from "./wanted-topics.ts";

/** What a cluster has. */
export interface Found {
  topics: Map<string, { partitions: number; replication: number; config: Record<string, string> }>;
  /** Undefined where the cluster has no access lists. */
  access: WantedAccess[] | undefined;
}

export type TopicChange =
  | { kind: "create"; topic: WantedTopic }
  | { kind: "add partitions"; topic: string; from: number; to: number }
  | { kind: "set"; topic: string; changes: { name: string; from: string | undefined; to: string }[] }
  | { kind: "allow"; access: WantedAccess };

export interface TopicsPlan {
  changes: TopicChange[];
  /** What is wanted and would take something away, with what to do about it. */
  refused: string[];
  /** What is wanted and cannot be had here. */
  notes: string[];
}

/** The steps from what a cluster has to what is wanted; none when they are the same. Nothing is ever taken away. */
export function planTopics(wanted: Wanted, found: Found): TopicsPlan {
  const plan: TopicsPlan = { changes: [], refused: [], notes: [] };
  for (const topic of wanted.topics) planTopic(topic, found.topics.get(topic.name), plan);
  if (found.access === undefined && wanted.access.length > 0)
    plan.notes.push("the cluster has no access lists, so that no principal is kept from the topics of another tenant");
  const has = new Set((found.access ?? wanted.access).map(accessKey));
  for (const access of wanted.access) if (!has.has(accessKey(access))) plan.changes.push({ kind: "allow", access });
  for (const { principal, producerBytes, consumerBytes } of wanted.quotas)
    plan.notes.push(`set the quota of ${principal} with: ${quotaCommand(principal, { producerBytes, consumerBytes })}`);
  return plan;
}

function planTopic(topic: WantedTopic, has: ReturnType<Found["topics"]["get"]>, plan: TopicsPlan): void {
  if (has === undefined) {
    plan.changes.push({ kind: "create", topic });
    return;
  }
  const { name, partitions, replication } = topic;
  if (partitions > has.partitions)
    plan.changes.push({ kind: "add partitions", topic: name, from: has.partitions, to: partitions });
  if (partitions < has.partitions)
    plan.refused.push(
      `${name} has ${has.partitions} partitions and is to have ${partitions}: none can be taken; say ${has.partitions} or make a topic of a new version`,
    );
  if (replication !== has.replication)
    plan.refused.push(
      `${name} has ${has.replication} copies and is to have ${replication}: move them with kafka-reassign-partitions`,
    );
  const changes = Object.entries(topic.config)
    .map(([key, to]) => ({ name: key, from: has.config[key], to }))
    .filter(({ from, to }) => from !== to)
    .filter((change) => {
      const loss = whatIsLost(change);
      if (loss !== undefined) plan.refused.push(`${name} ${loss}; set it with kafka-configs if that is meant`);
      return loss === undefined;
    });
  if (changes.length > 0) plan.changes.push({ kind: "set", topic: name, changes });
}

/** What a change would take away; undefined when it only adds. */
function whatIsLost({ name, from, to }: { name: string; from: string | undefined; to: string }): string | undefined {
  if (from === undefined) return undefined;
  if (name === "retention.ms" && toMs(to) < toMs(from))
    return `keeps records for ${from} ms and is to keep them for ${to} ms: what is older would be gone at once`;
  if (name === "cleanup.policy" && to.includes("compact"))
    return `has the clean-up policy "${from}" and is to have "${to}": of each key only the newest record would stay`;
  if (name === "min.insync.replicas" && Number(to) < Number(from))
    return `asks of ${from} copies that they are written and is to ask of ${to}: records could be lost with fewer brokers`;
  return undefined;
}

const toMs = (text: string): number => (text === "-1" ? Number.POSITIVE_INFINITY : Number(text));

/** What two entries of access lists have in common when they say the same. */
export const accessKey = ({ principal, resource, name, isPrefix, operation }: WantedAccess): string =>
  JSON.stringify([principal, resource, name, isPrefix, operation]);

function quotaCommand(
  principal: string,
  quota: { producerBytes?: number | undefined; consumerBytes?: number | undefined },
) {
  const values = [
    ...(quota.producerBytes === undefined ? [] : [`producer_byte_rate=${quota.producerBytes}`]),
    ...(quota.consumerBytes === undefined ? [] : [`consumer_byte_rate=${quota.consumerBytes}`]),
  ];
  return `kafka-configs.sh --alter --entity-type users --entity-name ${principal} --add-config ${values.join(",")}`;
}
