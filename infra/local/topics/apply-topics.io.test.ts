import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { SHIPPED_CONF } from "@soma/conf/read-conf";
import { loadTopics, type TopicsConf } from "@soma/conf/topics";
import { aRecord } from "@soma/shared/bus/event-bus.contract";
import { connectKafka } from "@soma/shared/bus/kafka/connect-kafka";
import { createKafkaBus } from "@soma/shared/bus/kafka/kafka-bus";
import { readKafkaSettings } from "@soma/shared/bus/kafka/kafka-settings";
import { createSilentLog } from "@soma/shared/log";
import { until } from "@soma/shared/testing/until";
import kafkajs, { type Kafka } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type KafkaCluster, startKafka } from "../kafka/kafka-cluster.ts";
import { applyTopics } from "./apply-topics.ts";

const PASSWORDS = { admin: "of-the-admin", soma: "of-soma", "acme-app": "of-acme", "globex-app": "of-globex" };
const log = createSilentLog();

describe("applyTopics() on a Kafka with access lists", { timeout: 60_000 }, () => {
  let server: KafkaCluster;
  let conf: TopicsConf;

  const signIn = (username: keyof typeof PASSWORDS): Kafka =>
    connectKafka(
      readKafkaSettings({
        SOMA_KAFKA_BROKERS: server.signedIn.join(),
        SOMA_KAFKA_SASL_MECHANISM: "scram-sha-512",
        SOMA_KAFKA_SASL_USERNAME: username,
        SOMA_KAFKA_SASL_PASSWORD: PASSWORDS[username],
      }),
      log,
    );
  const fail = (error: Error): void => {
    throw error;
  };

  beforeAll(async () => {
    server = await startKafka({ users: PASSWORDS });
    const shipped = loadTopics(SHIPPED_CONF);
    conf = {
      ...shipped,
      service: { principal: "soma" },
      tenants: {
        acme: { principal: "acme-app" },
        globex: { principal: "globex-app" },
        small: { isolation: "pooled" },
        tiny: { isolation: "pooled" },
      },
    };
  }, 400_000);
  afterAll(() => server.stop());

  /** From a machine that is none of ours: it lets acme read nothing, and is no reason to think that it may. */
  async function allowElsewhere(kafka: Kafka): Promise<void> {
    const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
    const admin = kafka.admin();
    await admin.connect();
    const pattern = { resourceName: "soma.acme.", resourcePatternType: ResourcePatternTypes.PREFIXED };
    const access = { principal: "User:acme-app", host: "192.0.2.1", permissionType: AclPermissionTypes.ALLOW };
    const read = { resourceType: AclResourceTypes.TOPIC, operation: AclOperationTypes.READ };
    await admin.createAcls({ acl: [{ ...pattern, ...access, ...read }] });
    await admin.disconnect();
  }

  it("says what it would make and makes nothing, makes it, and finds nothing to do the second time", async () => {
    const admin = signIn("admin");
    await allowElsewhere(admin);
    const dry = await applyTopics(admin, conf, { apply: false });
    expect([dry.done, dry.refused, dry.topics.some(({ there }) => there)]).toEqual([0, [], false]);
    const made = await applyTopics(admin, conf, { apply: true });
    expect(made.changes).toEqual(dry.changes);
    expect([made.done, made.topics.every(({ there }) => there)]).toEqual([dry.changes.length, true]);
    const again = await applyTopics(admin, conf, { apply: true });
    expect([again.changes, again.refused, again.done]).toEqual([[], [], 0]);
  });

  it("adds partitions and keeps records longer, leaves what others have set, and takes nothing away", async () => {
    const admin = signIn("admin");
    const audit = conf.topics["agent.audit.v1"];
    const runs = conf.topics["agent.runs.v1"];
    if (audit === undefined || runs === undefined) throw new Error("topics are missing");
    const wider = {
      ...conf,
      topics: { ...conf.topics, "agent.runs.v1": { ...runs, partitions: 8, retention: "30d" } },
    };
    const { done } = await applyTopics(admin, wider, { apply: true });
    // For acme, globex and the pool, partitions and time each.
    expect(done).toBe(6);
    const less = { ...wider, topics: { ...wider.topics, "agent.audit.v1": { ...audit, retention: "1d" } } };
    const { refused, done: none } = await applyTopics(
      admin,
      { ...less, topics: { ...less.topics, "agent.runs.v1": runs } },
      { apply: true },
    );
    expect([none, refused.length]).toEqual([0, 9]);
    expect((await applyTopics(admin, wider, { apply: true })).changes).toEqual([]);
  });

  it("lets the product publish and consume, each tenant read its own, and nobody another's: refused by name", async () => {
    const bus = createKafkaBus({
      kafka: signIn("soma"),
      log,
      onCrash: fail,
      topicsEveryMs: 200,
      pooledTenants: ["small", "tiny"],
    });
    const seen: string[] = [];
    await bus.subscribe(
      { group: "all", type: "agent.audit.v1" },
      async ({ topic, key }) => void seen.push(`${topic} ${key}`),
    );
    const tenants = ["acme", "globex", "small", "tiny"];
    const results = await bus.publish(tenants.map((tenant) => aRecord("one", tenant)));
    expect(results).toEqual(tenants.map(() => ({ ok: true })));
    await until("all came back", () => seen.length === 4, 30_000);
    expect(seen.toSorted()).toEqual(tenants.map((tenant) => `soma.${tenant}.agent.audit.v1 ${tenant}`));
    await bus.close();

    const acme = signIn("acme-app");
    const read = async (topic: string, groupId: string): Promise<string[]> => {
      const consumer = acme.consumer({ groupId, retry: { retries: 0, restartOnFailure: async () => false } });
      const values: string[] = [];
      const crashed = new Promise<string[]>((resolve) =>
        consumer.on("consumer.crash", ({ payload }) => resolve([payload.error.message])),
      );
      await consumer.connect();
      try {
        await consumer.subscribe({ topics: [topic], fromBeginning: true });
        await consumer.run({ eachMessage: async ({ message }) => void values.push(String(message.key)) });
        return await Promise.race([
          crashed,
          until("it is read", () => (values.length > 0 ? values : undefined), 20_000),
        ]);
      } catch (error) {
        return [String(error)];
      } finally {
        await consumer.disconnect();
      }
    };
    expect(await read("soma.acme.agent.audit.v1", "soma.acme.mine")).toEqual(["acme"]);
    const refused = [expect.stringMatching(/not authorized/i)];
    expect(await read("soma.globex.agent.audit.v1", "soma.acme.mine")).toEqual(refused);
    expect(await read("soma.pool.agent.audit.v1", "soma.acme.mine")).toEqual(refused);
    // So this client tells that a group, or a transactional id, is not its own: it finds no coordinator for it.
    const noGroup = ["Failed to find group coordinator"];
    for (const group of ["soma.globex.mine", "soma-consumers.all.agent.audit.v1"])
      expect(await read("soma.acme.agent.audit.v1", group)).toEqual(noGroup);
    const producer = acme.producer({
      transactionalId: "soma.globex.tx",
      maxInFlightRequests: 1,
      idempotent: true,
      retry: { retries: 1 },
    });
    await producer.connect();
    const { transaction: beginTransaction } = producer;
    await expect(beginTransaction()).rejects.toThrow(noGroup[0]);
    await producer.disconnect();
    const writer = acme.producer({ retry: { retries: 0 } });
    await writer.connect();
    const write = (topic: string) => writer.send({ topic, messages: [{ value: "x" }] });
    await write("soma.acme.conversation.inbound.v1");
    for (const topic of ["soma.acme.agent.runs.v1", "soma.globex.conversation.inbound.v1"])
      await expect(write(topic), topic).rejects.toThrow(/not authorized/i);
    await writer.disconnect();
  });
});

describe("loadTopics()", () => {
  it("tells every fault of a file at once, by its place", async () => {
    const folder = await mkdtemp(join(tmpdir(), "soma-topics-"));
    const load = async (text: string): Promise<string> => {
      await writeFile(join(folder, "topics.yaml"), text);
      try {
        loadTopics(pathToFileURL(`${folder}/`));
        return "";
      } catch (error) {
        return String(error);
      }
    };
    const fine = `default: { partitions: 3, replication: 1, retention: 7d, isolation: dedicated }
topics: { agent.runs.v1: { schema: agent.runs.v1, key: run_id } }
deadLetters: { partitions: 1, retention: 30d }
`;
    expect(await load(`${fine}tenants: {}\n`)).toBe("");
    const wrong = await load(
      fine.replace("7d", "a week").replace("partitions: 3", "partitions: 0").concat("tenants: { ACME: {} }\n"),
    );
    for (const place of ["/default/retention", "/default/partitions", "ACME"]) expect(wrong).toContain(place);
    const tenants =
      "tenants: { pool: {}, a: { principal: x }, b: { principal: x }, c: { quota: { producerBytes: 2048 } }, d: { isolation: pooled, principal: y } }\n";
    const clash = await load(fine.concat("service: { principal: x }\n", tenants));
    expect(clash.split("\n").slice(1)).toEqual([
      expect.stringContaining("tenants/pool is the name of what is pooled"),
      expect.stringContaining('a, b, service have one principal, "x"'),
      expect.stringContaining("tenants/c has a quota and no principal"),
      expect.stringContaining("tenants/d is pooled and has a principal"),
    ]);
    await rm(folder, { recursive: true });
  });
});
