import type { TopicsConf } from "@soma/conf/topics";
import { describe, expect, it } from "vitest";
import { type Found, planTopics } from "./plan-topics.ts";
import { findWanted } from "./wanted-topics.ts";

const CONF: TopicsConf = {
  default: { partitions: 3, replication: 3, retention: "7d", isolation: "dedicated" },
  topics: {
    "agent.runs.v1": { schema: "agent.runs.v1", key: "run_id", partitions: 6 },
    "conversation.inbound.v1": { schema: "conversation.event.v1", key: "session_id", consumed: true, compaction: true },
  },
  deadLetters: { partitions: 1, retention: "30d" },
  tenants: {
    acme: { principal: "acme-app", quota: { producerBytes: 1_048_576 } },
    small: { isolation: "pooled" },
    tiny: { isolation: "pooled" },
  },
};
const NOTHING: Found = { topics: new Map(), access: [] };

/** A cluster that has all that is wanted. */
function has(wanted = findWanted(CONF)): Found {
  const topics = wanted.topics.map(({ name, ...rest }) => [name, structuredClone(rest)] as const);
  return { topics: new Map(topics), access: [...wanted.access] };
}

describe("findWanted()", () => {
  it("has each event for each tenant of its own and once for all that are pooled, with its dead letters", () => {
    expect(findWanted(CONF).topics.map(({ name }) => name)).toEqual([
      "soma.acme.agent.runs.v1",
      "soma.acme.agent.runs.v1.dlq",
      "soma.acme.conversation.inbound.v1",
      "soma.acme.conversation.inbound.v1.dlq",
      "soma.pool.agent.runs.v1",
      "soma.pool.agent.runs.v1.dlq",
    ]);
  });

  it("has the shared topics also where all are pooled that no name is given to", () => {
    const conf: TopicsConf = { ...CONF, default: { ...CONF.default, isolation: "pooled" }, tenants: {} };
    expect(findWanted(conf).topics.map(({ name }) => name)).toContain("soma.pool.agent.runs.v1");
  });

  it("has a topic beside one that is enriched, made like it, and lets the product take the id of its transactions", () => {
    const runs = { schema: "agent.runs.v1", key: "run_id", partitions: 6, enriched: true };
    const conf = { ...CONF, topics: { "agent.runs.v1": runs }, service: { principal: "soma" }, tenants: { acme: {} } };
    const { topics, access } = findWanted(conf);
    expect(topics.map(({ name }) => name)).toEqual([
      "soma.acme.agent.runs.v1",
      "soma.acme.agent.runs.v1.enriched",
      "soma.acme.agent.runs.v1.dlq",
    ]);
    expect(topics[1]).toEqual({ ...topics[0], name: "soma.acme.agent.runs.v1.enriched" });
    const ids = access.filter(({ name }) => name === "soma-enricher");
    expect(ids.map(({ principal, resource, operation }) => [principal, resource, operation])).toEqual([
      ["soma", "transactional id", "write"],
      ["soma", "transactional id", "describe"],
    ]);
    const without = findWanted({ ...conf, topics: CONF.topics }).access;
    expect(without.some(({ name }) => name === "soma-enricher")).toBe(false);
  });

  it("keeps records as long as is said, compacts where that is said, and asks of three copies that two are written", () => {
    const [runs, dead, inbound] = findWanted(CONF).topics;
    expect(runs).toMatchObject({ partitions: 6, replication: 3 });
    expect(runs?.config).toEqual({
      "cleanup.policy": "delete",
      "retention.ms": "604800000",
      "min.insync.replicas": "2",
    });
    expect(dead).toMatchObject({ partitions: 1, config: { "retention.ms": "2592000000" } });
    expect(inbound).toMatchObject({ partitions: 3, config: { "cleanup.policy": "compact" } });
  });

  it("lets a principal read what is its tenant's, and write only what is consumed", () => {
    const { access } = findWanted(CONF);
    expect(new Set(access.map(({ principal }) => principal))).toEqual(new Set(["acme-app"]));
    expect(access.every(({ name }) => name.startsWith("soma.acme."))).toBe(true);
    expect(access.filter(({ resource, operation }) => resource === "topic" && operation === "write")).toMatchObject([
      { name: "soma.acme.conversation.inbound.v1", isPrefix: false },
    ]);
  });
});

describe("planTopics()", () => {
  it("makes all that is missing, and nothing the second time", () => {
    const { changes, refused } = planTopics(findWanted(CONF), NOTHING);
    expect(changes.filter(({ kind }) => kind === "create")).toHaveLength(6);
    expect(changes.filter(({ kind }) => kind === "allow")).toHaveLength(6);
    expect(refused).toEqual([]);
    expect(planTopics(findWanted(CONF), has())).toMatchObject({ changes: [], refused: [] });
  });

  it("adds partitions and keeps records longer", () => {
    const found = has();
    found.topics.set("soma.acme.agent.runs.v1", {
      partitions: 2,
      replication: 3,
      config: { "cleanup.policy": "delete", "retention.ms": "1000", "min.insync.replicas": "1" },
    });
    expect(planTopics(findWanted(CONF), found).changes).toEqual([
      { kind: "add partitions", topic: "soma.acme.agent.runs.v1", from: 2, to: 6 },
      {
        kind: "set",
        topic: "soma.acme.agent.runs.v1",
        changes: [
          { name: "retention.ms", from: "1000", to: "604800000" },
          { name: "min.insync.replicas", from: "1", to: "2" },
        ],
      },
    ]);
  });

  it("refuses to take partitions, copies or records, by the name of the topic", () => {
    const found = has();
    const config = { "cleanup.policy": "delete", "retention.ms": "-1", "min.insync.replicas": "2" };
    found.topics.set("soma.acme.agent.runs.v1", { partitions: 9, replication: 1, config });
    const { changes, refused } = planTopics(findWanted(CONF), found);
    expect(changes).toEqual([]);
    expect(refused).toEqual([
      expect.stringMatching(/^soma\.acme\.agent\.runs\.v1 has 9 partitions and is to have 6/),
      expect.stringMatching(/^soma\.acme\.agent\.runs\.v1 has 1 copies and is to have 3/),
      expect.stringMatching(/^soma\.acme\.agent\.runs\.v1 keeps records for -1 ms/),
    ]);
  });

  it("says what a cluster without access lists does not keep apart, and how a quota is set", () => {
    const { changes, notes } = planTopics(findWanted(CONF), { ...has(), access: undefined });
    expect(changes).toEqual([]);
    expect(notes).toEqual([
      expect.stringContaining("the cluster has no access lists"),
      expect.stringContaining("--entity-name acme-app --add-config producer_byte_rate=1048576"),
    ]);
  });
});
