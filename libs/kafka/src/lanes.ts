import kafkajs, { type PartitionAssigner } from 'kafkajs';

/**
 * The two kinds of traffic that share a topic: `urgent` has its last partitions, a quarter of them and at least one, `bulk` those
 * before. What is urgent never waits behind what is plenty, neither in a partition nor in a fetch. In a topic with one partition
 * both are the same.
 */
export type Lane = 'urgent' | 'bulk';

/** @returns the lane's first partition and how many it has */
export function partitionsOf(lane: Lane, partitions: number): { readonly first: number; readonly count: number } {
  const bulk = partitions - Math.max(1, Math.floor(partitions / 4));
  if (bulk === 0) return { first: 0, count: partitions };
  return lane === 'urgent' ? { first: bulk, count: partitions - bulk } : { first: 0, count: bulk };
}

/** Which member of a group takes which lane of which topics. */
export interface LaneOptions {
  readonly lane: Lane;
  /** Topics that have lanes; all partitions of the others are taken by the members of `bulk`. */
  readonly topics: readonly string[];
}

/** For `kafka.consumer`: partitions go round among the members of their lane; where it has none, among all. */
export function laneAssigner({ lane: own, topics: laned }: LaneOptions): PartitionAssigner {
  const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;
  return ({ cluster }) => ({
    name: 'cloud-sources-lanes',
    version: 0,
    protocol: ({ topics }) => ({ name: 'cloud-sources-lanes', metadata: MemberMetadata.encode({ version: 0, topics, userData: Buffer.from(own) }) }),
    assign: async ({ members, topics }) => {
      const all = members.map(({ memberId, memberMetadata }) => ({ memberId, lane: String(MemberMetadata.decode(memberMetadata)?.userData ?? '') })).sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
      const membersOf = (lane: Lane): readonly string[] => {
        const some = all.filter((member) => member.lane === lane);
        return (some.length > 0 ? some : all).map(({ memberId }) => memberId);
      };
      const groups = { urgent: membersOf('urgent'), bulk: membersOf('bulk') };
      const turns = { urgent: 0, bulk: 0 };
      const assignments = new Map(all.map(({ memberId }) => [memberId, {} as Record<string, number[]>]));
      for (const topic of topics) {
        const partitions = cluster.findTopicPartitionMetadata(topic);
        const { first } = partitionsOf('urgent', partitions.length);
        for (const { partitionId } of partitions) {
          const lane = laned.includes(topic) && partitionId >= first ? 'urgent' : 'bulk';
          const assignment = assignments.get(groups[lane][turns[lane]++ % groups[lane].length] as string);
          if (assignment !== undefined) (assignment[topic] ??= []).push(partitionId);
        }
      }
      return [...assignments].map(([memberId, assignment]) => ({ memberId, memberAssignment: MemberAssignment.encode({ version: 0, assignment, userData: Buffer.alloc(0) }) }));
    },
  });
}
