import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { rootCertificates } from "node:tls";
import { startKafka } from "@soma/local/kafka-cluster";
import kafkajs, { type Admin, type Kafka } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLog } from "../../log.ts";
import { until } from "../../testing/until.ts";
import { aRecord } from "../event-bus.contract.ts";
import { connectKafka } from "./connect-kafka.ts";
import { createKafkaBus } from "./kafka-bus.ts";
import { readKafkaSettings } from "./kafka-settings.ts";

const log = createLog({ level: "silent", service: "test" });
const PASSWORDS = { admin: "of-the-admin", acme: "of-acme" };
const TOPICS = ["acme", "globex"].map((tenant) => `soma.${tenant}.agent.audit.v1`);

describe("a Kafka with access lists", { timeout: 60_000 }, () => {
  let server: Awaited<ReturnType<typeof startKafka>>;
  let admin: Admin;

  const connect = (env: Record<string, string>): Kafka => connectKafka(readKafkaSettings(env), log);
  const userOf = (username: string, password: string) => ({
    SOMA_KAFKA_SASL_MECHANISM: "scram-sha-512",
    SOMA_KAFKA_SASL_USERNAME: username,
    SOMA_KAFKA_SASL_PASSWORD: password,
  });
  const signIn = (username: string, password: string): Kafka =>
    connect({ SOMA_KAFKA_BROKERS: server.signedIn.join(), ...userOf(username, password) });
  const byTls = (brokers: readonly string[], more: Record<string, string>): Kafka =>
    connect({ SOMA_KAFKA_BROKERS: brokers.join(), SOMA_KAFKA_TLS: "on", ...more });
  const fail = (error: Error): void => {
    throw error;
  };

  beforeAll(async () => {
    server = await startKafka({ users: PASSWORDS, hasTls: true });
    admin = signIn("admin", PASSWORDS.admin).admin();
    await admin.connect();
    await admin.createTopics({ topics: TOPICS.map((topic) => ({ topic })), waitForLeaders: true });
    const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
    const ofAcme = {
      resourcePatternType: ResourcePatternTypes.PREFIXED,
      principal: "User:acme",
      host: "*",
      operation: AclOperationTypes.ALL,
      permissionType: AclPermissionTypes.ALLOW,
    };
    await admin.createAcls({
      acl: [
        { ...ofAcme, resourceType: AclResourceTypes.TOPIC, resourceName: "soma.acme." },
        { ...ofAcme, resourceType: AclResourceTypes.GROUP, resourceName: "soma-consumers.acme-" },
      ],
    });
  }, 400_000);
  afterAll(async () => {
    await admin.disconnect();
    await server.stop();
  });

  it("lets a user write and read what is its own, and refuses by name what is another's", async () => {
    const bus = createKafkaBus({ kafka: signIn("acme", PASSWORDS.acme), log, onCrash: fail, topicsEveryMs: 200 });
    const seen: string[] = [];
    await bus.subscribe({ group: "acme-reads", type: "agent.audit.v1" }, async ({ topic }) => void seen.push(topic));
    const results = await bus.publish([aRecord("own", "acme"), aRecord("foreign", "globex")]);
    expect(results).toEqual([
      { ok: true },
      { ok: false, kind: "retriable", reason: expect.stringMatching(/TOPIC_AUTHORIZATION_FAILED/) },
    ]);
    await until("its own came back", () => seen.length === 1, 30_000);
    expect(seen).toEqual([TOPICS[0]]);
    await bus.close();
  });

  it("takes nothing from who has another password, and says no password", async () => {
    const bus = createKafkaBus({ kafka: signIn("acme", "guessed-by-nobody"), log, onCrash: fail });
    const [result] = await bus.publish([aRecord("own", "acme")]);
    expect(result).toMatchObject({ ok: false, kind: "retriable", reason: expect.stringMatching(/SCRAM|SASL/) });
    expect(JSON.stringify(result)).not.toContain("guessed-by-nobody");
    await bus.close();
  });

  it("is written to and read over TLS by who knows the authority of its certificate", async () => {
    const { brokers, caFile } = server.overTls;
    const kafka = byTls(brokers, { SOMA_KAFKA_CA_FILE: caFile });
    const bus = createKafkaBus({ kafka, log, onCrash: fail, topicsEveryMs: 200 });
    const seen: string[] = [];
    await bus.subscribe({ group: "by-tls", type: "agent.audit.v1" }, async ({ headers }) => {
      seen.push(headers.ce_id ?? "");
    });
    const record = aRecord("over TLS", "acme");
    expect(await bus.publish([record])).toEqual([{ ok: true }]);
    await until("it came back", () => seen.includes(record.headers.ce_id ?? ""), 30_000);
    await bus.close();
  });

  it("is trusted by nobody who knows another authority, or those of Node alone, and the reason says so", async () => {
    const { brokers, caFile } = server.overTls;
    const other = join(dirname(caFile), "other.pem");
    writeFileSync(other, rootCertificates[0] ?? "");
    const others: Record<string, string>[] = [{ SOMA_KAFKA_CA_FILE: other }, {}];
    const results = others.map(async (authority) => {
      const bus = createKafkaBus({ kafka: byTls(brokers, authority), log, onCrash: fail });
      const [result] = await bus.publish([aRecord("unseen", "acme")]);
      await bus.close();
      return result;
    });
    const refused = { ok: false, kind: "retriable", reason: expect.stringMatching(/certificate/) };
    expect(await Promise.all(results)).toMatchObject([refused, refused]);
  });

  it("asks for the password over TLS too, and keeps users to what is their own", async () => {
    const { signedIn, caFile } = server.overTls;
    const as = (password: string) => byTls(signedIn, { SOMA_KAFKA_CA_FILE: caFile, ...userOf("acme", password) });
    const bus = createKafkaBus({ kafka: as(PASSWORDS.acme), log, onCrash: fail });
    expect(await bus.publish([aRecord("own", "acme"), aRecord("foreign", "globex")])).toEqual([
      { ok: true },
      { ok: false, kind: "retriable", reason: expect.stringMatching(/TOPIC_AUTHORIZATION_FAILED/) },
    ]);
    await bus.close();
    const guessing = createKafkaBus({ kafka: as("guessed-by-nobody"), log, onCrash: fail });
    expect(await guessing.publish([aRecord("own", "acme")])).toMatchObject([
      { ok: false, kind: "retriable", reason: expect.stringMatching(/SCRAM|SASL/) },
    ]);
    await guessing.close();
  });
});
