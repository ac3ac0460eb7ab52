import type { TopicsConf } from "@soma/conf/topics";
import type { Kafka } from "kafkajs";
import { findOnCluster, makeChanges } from "./ask-cluster.ts";
import { planTopics, type TopicsPlan } from "./plan-topics.ts";
import { findWanted, type WantedTopic } from "./wanted-topics.ts";

export interface TopicsAnswer extends TopicsPlan {
  /** Every topic that is wanted, and whether the cluster has it by now. */
  topics: (WantedTopic & { there: boolean })[];
  /** How many of the changes were made. */
  done: number;
}

/** What a cluster lacks of topics.yaml. With `apply` it is made as well, unless something of it is refused. */
export async function applyTopics(
  kafka: Kafka,
  conf: TopicsConf,
  { apply }: { apply: boolean },
): Promise<TopicsAnswer> {
  const wanted = findWanted(conf);
  const admin = kafka.admin({ retry: { retries: 2 } });
  try {
    await admin.connect();
    const found = await findOnCluster(admin, wanted.topics);
    const plan = planTopics(wanted, found);
    const steps = apply && plan.refused.length === 0 ? plan.changes : [];
    await makeChanges(admin, steps);
    const made = new Set(steps.flatMap((step) => (step.kind === "create" ? [step.topic.name] : [])));
    const topics = wanted.topics.map((topic) => ({
      ...topic,
      there: found.topics.has(topic.name) || made.has(topic.name),
    }));
    return { ...plan, topics, done: steps.length };
  } finally {
    await admin.disconnect().catch(() => {});
  }
}
