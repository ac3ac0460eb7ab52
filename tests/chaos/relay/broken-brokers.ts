import { setTimeout as sleep } from "node:timers/promises";
import { until } from "@soma/shared/testing/until";
import { strikeAt, whenWritten } from "./strike.ts";
import type { Trial } from "./trial.ts";

const AWAY_MS = 5_000;
/** Longer than a relay waits for an answer. */
const SWALLOWED_MS = 15_000;
const REFUSED_MS = 60_000;

/** The only broker is killed under load, and started again on what it had written. */
export async function breakBroker(trial: Trial, events: number): Promise<void> {
  const { cluster } = trial.world;
  trial.startRelay();
  const writing = trial.writer.write(events);
  await whenWritten(trial, events / 4);
  await cluster.kill(0);
  trial.note("kill of the broker");
  await sleep(AWAY_MS);
  await cluster.restart(0);
  await writing;
  await trial.drain();
}

/** Three cuts under load: an answer is lost on its way, nobody can connect, and nothing comes through. */
export async function breakNetwork(trial: Trial, events: number): Promise<void> {
  const { proxy } = trial.world;
  if (proxy === undefined) throw new Error("there is no proxy before the broker");
  trial.startRelay();
  const lostAnswer = strikeAt(trial, "after send", async () => {
    proxy.cut();
    trial.note("answer lost");
  });
  await Promise.all([trial.writer.write(events / 3), lostAnswer]);
  await during(trial, events / 3, async () => {
    proxy.refuse();
    trial.note("connections refused");
    await sleep(AWAY_MS);
  });
  proxy.mend();
  await trial.drain();
  await during(trial, events / 3, async () => {
    proxy.swallow();
    trial.note("everything dropped");
    await sleep(SWALLOWED_MS);
  });
  proxy.mend();
  await trial.drain();
}

/** Breaks something in the middle of so many events. */
async function during(trial: Trial, events: number, work: () => Promise<void>): Promise<void> {
  const before = trial.writer.committed.length;
  const writing = trial.writer.write(events);
  await whenWritten(trial, before + events / 3);
  await Promise.all([writing, work()]);
}

/** The broker that leads a partition is killed under load, and is back later. */
export async function loseLeader(trial: Trial, events: number): Promise<void> {
  const { admin, cluster } = trial.world;
  trial.startRelay();
  const writing = trial.writer.write(events);
  await whenWritten(trial, events / 4);
  const { topics } = await admin.fetchTopicMetadata({ topics: [trial.topic] });
  const leader = (topics[0]?.partitions[0]?.leader ?? 0) - 1;
  await cluster.kill(leader);
  trial.note("kill of the leader");
  await writing;
  // The other two take everything without it.
  await trial.drain();
  await cluster.restart(leader);
  await trial.writer.write(events / 10);
  await trial.drain();
}

/** One of the two brokers that must write is gone: the other takes nothing and says so, until it is back. */
export async function loseReplica(trial: Trial, events: number): Promise<void> {
  const { cluster } = trial.world;
  const relay = trial.startRelay();
  const writing = trial.writer.write(events);
  await whenWritten(trial, events / 4);
  await cluster.kill(1);
  trial.note("kill of a replica");
  await until("the broker refuses", () => relay.hasSaid("NOT_ENOUGH_REPLICAS"), REFUSED_MS);
  await writing;
  await cluster.restart(1);
  await trial.drain();
}
