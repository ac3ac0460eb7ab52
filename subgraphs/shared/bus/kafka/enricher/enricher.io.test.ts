import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { startTestKafka } from "@soma/local/test-kafka";
import kafkajs, { type Admin, type Kafka, type KafkaMessage, type Message, type Producer } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../../ids.ts";
import { createSilentLog } from "../../../log.ts";
import { until } from "../../../testing/until.ts";
import { connectKafka } from "../connect-kafka.ts";
import { readKafkaSettings } from "../kafka-settings.ts";
import { startEnricher } from "./enricher.ts";

const DYING = fileURLToPath(new URL("./testing/dying-enricher.ts", import.meta.url));
const NAME = "agent.tools.v1";
const PARTITIONS = 2;
const TRACE_PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/** The shortest that brokers allow. */
const SESSION_MS = 6_000;
const log = createSilentLog();

describe("startEnricher()", { timeout: 90_000 }, () => {
  let server: Awaited<ReturnType<typeof startTestKafka>>;
  let kafka: Kafka;
  let admin: Admin;
  let producer: Producer;

  beforeAll(async () => {
    server = await startTestKafka();
    kafka = connectKafka(readKafkaSettings({ SOMA_KAFKA_BROKERS: server.brokers.join() }), log);
    admin = kafka.admin();
    producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await Promise.all([admin.connect(), producer.connect()]);
  }, 400_000);
  afterAll(async () => {
    await Promise.all([admin.disconnect(), producer.disconnect()]);
    await server.stop();
  });

  /** Topics of a tenant of its own, and who copies them under a name of its own. */
  async function aStage() {
    const id = newId().slice(-12);
    const topicOf = (name: string): string => `soma.t${id}.${name}`;
    const topics = ["agent.runs.v1", NAME, `${NAME}.enriched`].map((name) => ({
      topic: topicOf(name),
      numPartitions: PARTITIONS,
    }));
    await admin.createTopics({ topics, waitForLeaders: true });
    return {
      name: `enricher-${id}`,
      topic: topicOf(NAME),
      send: (name: string, messages: Message[]) => producer.send({ topic: topicOf(name), messages }),
      /** A record in each partition, after all that is there. */
      sendLast: () =>
        producer.send({
          topic: topicOf(NAME),
          messages: Array.from({ length: PARTITIONS }, (_last, partition) => ({ partition, value: "last" })),
        }),
      start: () =>
        startEnricher({
          kafka,
          topics: [NAME],
          log,
          name: `enricher-${id}`,
          topicsEveryMs: 200,
          sessionMs: SESSION_MS,
          onCrash: fail,
        }),
      /** How many records of a topic the enricher has read for good. */
      async countRead(name: string): Promise<number> {
        const groupId = `soma-consumers.enricher-${id}`;
        const found = await admin.fetchOffsets({ groupId, topics: [topicOf(name)] });
        const offsets = found.flatMap(({ partitions }) => partitions.map(({ offset }) => Math.max(0, Number(offset))));
        return offsets.reduce((sum, each) => sum + each, 0);
      },
    };
  }

  /** What readers of the copies of a topic have been handed, partition by partition. */
  async function readCopies(topic: string, options: { readUncommitted: boolean }) {
    const consumer = kafka.consumer({ groupId: `look-${newId()}`, ...options });
    const partitions: KafkaMessage[][] = Array.from({ length: PARTITIONS }, () => []);
    await consumer.connect();
    await consumer.subscribe({ topics: [`${topic}.enriched`], fromBeginning: true });
    await consumer.run({ eachMessage: async ({ partition, message }) => void partitions[partition]?.push(message) });
    const valuesOf = (): string[][] => partitions.map((each) => each.map(({ value }) => String(value)));
    return {
      partitions,
      valuesOf,
      untilLast: () =>
        until("the last of each partition was read", () => valuesOf().every((each) => each.includes("last")), 60_000),
      close: () => consumer.disconnect(),
    };
  }

  it("gives an event the trace of its run, or makes one, and leaves one that has its own as it came", async () => {
    const { topic, send, sendLast, start, countRead } = await aStage();
    const headers = { traceparent: TRACE_PARENT, "x-request-id": "request-1" };
    await send("agent.runs.v1", [{ key: "r", value: JSON.stringify({ run_id: "r" }), headers }]);
    const enricher = start();
    await until("the run was heard of", async () => (await countRead("agent.runs.v1")) === 1, 30_000);
    await send(NAME, [
      { partition: 0, key: "r", value: JSON.stringify({ run_id: "r" }), headers: { ce_id: "1" } },
      { partition: 0, key: "r", value: "no JSON, own trace", headers: { ce_id: "2", traceparent: TRACE_PARENT } },
      { partition: 0, key: "s", value: JSON.stringify({ run_id: "s" }), headers: { ce_id: "3" } },
    ]);
    await sendLast();
    const copies = await readCopies(topic, { readUncommitted: false });
    await copies.untilLast();
    const [ofRun, own, made] = (copies.partitions[0] ?? []).map(({ headers: found = {} }) =>
      Object.fromEntries(Object.entries(found).map(([name, text]) => [name, String(text)])),
    );
    expect(ofRun).toEqual({ ce_id: "1", ...headers, "soma-trace-from": "run" });
    expect(own).toEqual({ ce_id: "2", traceparent: TRACE_PARENT });
    expect(made).toMatchObject({ ce_id: "3", "x-request-id": "3", "soma-trace-from": "made" });
    expect(made?.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    await copies.close();
    await enricher.close();
  });

  it("copies each event once and in order after a death between what was written and its commit", async () => {
    const { topic, name, send, sendLast, start, countRead } = await aStage();
    const values = Array.from({ length: PARTITIONS }, (_of, partition) =>
      Array.from({ length: 500 }, (_one, at) => `${partition}-${at}`),
    );
    await send(
      NAME,
      values.flatMap((each, partition) => each.map((value) => ({ partition, value }))),
    );
    const env = { ...process.env, SOMA_KAFKA_BROKERS: server.brokers.join() };
    const dying = spawn(process.execPath, [DYING, name, NAME, topic], { env, stdio: ["pipe", "ignore", "inherit"] });
    const [, signal] = (await once(dying, "exit")) as [number | null, string | null];
    expect(signal).toBe("SIGKILL");
    const readOnce = await countRead(NAME);
    expect(readOnce).toBeGreaterThan(0);
    expect(readOnce).toBeLessThan(1_000);
    // What the dead one had written is on the broker: whoever reads without regard to transactions is handed it.
    const all = await readCopies(topic, { readUncommitted: true });
    await until("more was written than counts", () => all.valuesOf().flat().length > readOnce, 30_000);

    const enricher = start();
    await sendLast();
    const copies = await readCopies(topic, { readUncommitted: false });
    await copies.untilLast();
    expect(copies.valuesOf()).toEqual(values.map((each) => [...each, "last"]));
    await all.untilLast();
    expect(all.valuesOf().flat().length).toBeGreaterThan(values.flat().length + PARTITIONS);
    await Promise.all([copies.close(), all.close()]);
    await enricher.close();
  });

  it("lets another one go on that stood by, and leaves out nothing and doubles nothing", async () => {
    const { topic, send, sendLast, start, countRead } = await aStage();
    const first = start();
    await send(NAME, [{ partition: 0, value: "1" }]);
    await until("the first one copies", async () => (await countRead(NAME)) === 1, 30_000);
    const second = start();
    await send(NAME, [{ partition: 0, value: "2" }]);
    await until("it is copied while another one stands by", async () => (await countRead(NAME)) === 2, 30_000);
    await first.close();
    await send(NAME, [{ partition: 0, value: "3" }]);
    await sendLast();
    const copies = await readCopies(topic, { readUncommitted: false });
    await copies.untilLast();
    expect(copies.valuesOf()).toEqual([["1", "2", "3", "last"], ["last"]]);
    await copies.close();
    await second.close();
  });

  it("leaves out an event that fits nowhere with its trace, says which, and copies those beside it", async () => {
    const { topic, send, sendLast, start } = await aStage();
    // What a topic takes is up to who made it.
    const configEntries = [{ name: "max.message.bytes", value: "20000" }];
    const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: `${topic}.enriched`, configEntries };
    await admin.alterConfigs({ validateOnly: false, resources: [resource] });
    for (const value of ["before", "x".repeat(50_000), "after"]) await send(NAME, [{ partition: 0, value }]);
    await sendLast();
    const enricher = start();
    const copies = await readCopies(topic, { readUncommitted: false });
    await copies.untilLast();
    expect(copies.valuesOf()[0]).toEqual(["before", "after", "last"]);
    await copies.close();
    await enricher.close();
  });
});

function fail(error: Error): void {
  throw error;
}
