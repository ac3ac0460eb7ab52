import type { ITopicConfig } from "kafkajs";
import { breakBroker, breakNetwork, loseLeader, loseReplica } from "./broken-brokers.ts";
import { breakDatabase, holdTransaction, setAsideOversize, setAsideUnreadable } from "./broken-events.ts";
import { freezePastLease, killAt, restartInTurn } from "./broken-relays.ts";
import type { Trial } from "./trial.ts";

/** What one look of a relay takes at most: 64 rows of each of 64 buckets. */
const ROUND = 64 * 64;

export interface Scenario {
  name: string;
  brokers: 1 | 3;
  /** Of the topic, where it is not as every other. */
  topic?: Partial<ITopicConfig>;
  /** Records that each fault may have sent again. */
  repeats: number;
  /** Writes so many events, breaks something meanwhile, and ends with an empty outbox. */
  run(trial: Trial, events: number): Promise<void>;
}

/** Two of three brokers have the topic, and both must write: without one of them nothing is taken. */
const ON_TWO: Partial<ITopicConfig> = {
  numPartitions: -1,
  replicationFactor: -1,
  replicaAssignment: [
    { partition: 0, replicas: [1, 2] },
    { partition: 1, replicas: [2, 1] },
  ],
};

export const SCENARIOS: readonly Scenario[] = [
  { name: "kill -9 before send", brokers: 1, repeats: 0, run: killAt("before send", "twice") },
  { name: "kill -9 after send", brokers: 1, repeats: ROUND, run: killAt("after send", "twice") },
  { name: "kill -9 before delete", brokers: 1, repeats: ROUND, run: killAt("before delete", "twice") },
  { name: "frozen past its lease", brokers: 1, repeats: ROUND, run: freezePastLease },
  { name: "three relays, restarted in turn", brokers: 1, repeats: ROUND, run: restartInTurn },
  { name: "broker restarted", brokers: 1, repeats: ROUND, run: breakBroker },
  { name: "network cut", brokers: 1, repeats: ROUND, run: breakNetwork },
  { name: "poison at the head of a key", brokers: 1, repeats: 0, run: setAsideUnreadable },
  { name: "oversize event", brokers: 1, repeats: 0, run: setAsideOversize },
  { name: "PostgreSQL stopped at once", brokers: 1, repeats: ROUND, run: breakDatabase },
  { name: "long transaction", brokers: 1, repeats: 0, run: holdTransaction },
  { name: "leader killed", brokers: 3, repeats: ROUND, run: loseLeader },
  { name: "not enough replicas", brokers: 3, topic: ON_TWO, repeats: ROUND, run: loseReplica },
];
