import { setTimeout as sleep } from "node:timers/promises";
import { createSomaClient, type SomaClient } from "@soma/graphql/client";
import { RunDetailDocument, SendMessageDocument } from "@soma/graphql/operations";
import { isFinished } from "@soma/graphql/run-status";
import { type KafkaCluster, startKafka } from "@soma/local/kafka-cluster";
import { newId } from "@soma/shared/ids";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeTopics, ofRun, type Read, startOutsideReader, TOPICS } from "./outside-reader.ts";
import { type PartName, type Processes, startProcesses } from "./processes.ts";

const RUNS = 12;

describe("the product on Kafka, each part in a process of its own", () => {
  let kafka: KafkaCluster;
  let processes: Processes;
  let client: SomaClient;
  let reader: { records: Read[]; close(): Promise<void> };

  beforeAll(async () => {
    kafka = await startKafka();
    await makeTopics(kafka.brokers, TOPICS);
    reader = await startOutsideReader(kafka.brokers, TOPICS);
    processes = await startProcesses({ SOMA_EVENT_BUS: "kafka", SOMA_KAFKA_BROKERS: kafka.brokers.join() });
    await processes.ready();
    client = createSomaClient({ url: processes.url, token: processes.token });
  }, 400_000);
  afterAll(async () => {
    await processes.close();
    await reader.close();
    await kafka.stop();
  });

  async function send(text: string): Promise<string> {
    const { sendMessage } = await client.request(SendMessageDocument, { input: { text, idempotencyKey: newId() } });
    return sendMessage.run.id;
  }
  const ended = (id: string) =>
    until(
      `run ${id} has ended`,
      async () => {
        const { run } = await client.request(RunDetailDocument, { id });
        return run && isFinished(run.status) ? run : undefined;
      },
      90_000,
    );

  it("answers as the one process does, with tools, policy and memory", async () => {
    const run = await ended(await send("note: apart. And what is 6*7?"));
    expect(run).toMatchObject({ status: "SUCCEEDED", outcome: { kind: "OK" } });
    const statuses = () => ofRun(reader.records, run.id, "agent.runs.v1").map(({ status }) => status);
    await until("its end is on its topic", () => statuses().includes("succeeded"), 30_000);
    expect(statuses()).toEqual(["queued", "succeeded"]);
  });

  it("changes the keys by which its processes know each other, and nobody is refused; one that has to go is gone at once", async () => {
    await processes.rotate({ afterS: 5, keepS: 60 });
    const end = Date.now() + 6_500;
    while (Date.now() < end) await Promise.all([send("note: while keys change"), sleep(150)]);
    expect(await ended(await send("And what is 6*7?"))).toMatchObject({ status: "SUCCEEDED" });
    await processes.rotate({ afterS: 0, keepS: 0 });
    // Who has read one of the two files, and not yet the other, refuses or is refused for a moment.
    const isAnswered = async () => (await ended(await send("And what is 6*7?"))).status === "SUCCEEDED";
    await until("all know the new key", isAnswered, 30_000);
  });

  it("loses no run and no event when any of them is killed while they are under way", async () => {
    const slow = (at: number): string => `note: mark-${at}. Then run code: await sleep(200); console.log("slept")`;
    const runs = await Promise.all(Array.from({ length: RUNS }, (_run, at) => send(slow(at))));
    for (const name of ["worker", "tools", "policy", "memory", "runs"] satisfies PartName[]) {
      await processes.kill(name);
      processes.start(name);
      await processes.ready();
    }
    for (const runId of runs) expect(await ended(runId)).toMatchObject({ status: "SUCCEEDED" });
    const statuses = (runId: string) => ofRun(reader.records, runId, "agent.runs.v1").map(({ status }) => status);
    for (const runId of runs) {
      await until(`the end of ${runId} is on its topic`, () => statuses(runId).includes("succeeded"), 60_000);
      expect([runId, statuses(runId)]).toEqual([runId, ["queued", "succeeded"]]);
    }
  });
});
