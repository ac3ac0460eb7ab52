import kafkajs, { type Cluster } from "kafkajs";
import { describe, expect, it } from "vitest";
import { toOldest } from "./to-oldest.ts";

const { MemberAssignment } = kafkajs.AssignerProtocol;

/** What an assigner asks of a cluster, of which each topic has two partitions. */
const cluster = { findTopicPartitionMetadata: () => [{ partitionId: 0 }, { partitionId: 1 }] } as unknown as Cluster;
const topics = ["a", "b"];

function assignerSince(sinceMs: number) {
  const logger = new kafkajs.Kafka({ brokers: ["127.0.0.1:1"] }).logger();
  return toOldest(sinceMs)({ cluster, groupId: "g", logger });
}

describe("toOldest()", () => {
  it("gives every partition to the member that has been there longest, whoever decides, and none to others", async () => {
    const members = [
      ["young", 3_000],
      ["old", 1_000],
      ["middle", 2_000],
    ].map(([memberId, since]) => ({
      memberId: String(memberId),
      memberMetadata: assignerSince(Number(since)).protocol({ topics }).metadata,
    }));
    const assigned = await assignerSince(9_000).assign({ members, topics });
    const read = assigned.map(({ memberId, memberAssignment }) => [
      memberId,
      MemberAssignment.decode(memberAssignment)?.assignment,
    ]);
    expect(Object.fromEntries(read)).toEqual({ young: {}, old: { a: [0, 1], b: [0, 1] }, middle: {} });
  });
});
