import kafkajs, { type GroupMember, type PartitionAssigner } from "kafkajs";

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;

const NAME = "soma-oldest";
const VERSION = 0;
const NOTHING = Buffer.alloc(0);

/**
 * Gives every partition to the member that has been there longest, so that one knows the traces of all runs and others stand by.
 * `sinceMs` says since when this one is there.
 */
export function toOldest(sinceMs: number): PartitionAssigner {
  return ({ cluster }) => ({
    name: NAME,
    version: VERSION,
    async assign({ members, topics }) {
      const oldest = findOldest(members);
      const partitions = topics.map((topic) => {
        const ids = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
        return [topic, ids] as const;
      });
      const everything = Object.fromEntries(partitions);
      return members.map(({ memberId }) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({
          version: VERSION,
          assignment: memberId === oldest ? everything : {},
          userData: NOTHING,
        }),
      }));
    },
    protocol: ({ topics }) => ({
      name: NAME,
      metadata: MemberMetadata.encode({ version: VERSION, topics, userData: Buffer.from(String(sinceMs)) }),
    }),
  });
}

function findOldest(members: readonly GroupMember[]): string | undefined {
  const since = ({ memberMetadata }: GroupMember): number =>
    Number(String(MemberMetadata.decode(memberMetadata)?.userData ?? ""));
  const sorted = members.toSorted((a, b) => since(a) - since(b) || (a.memberId < b.memberId ? -1 : 1));
  return sorted[0]?.memberId;
}
