import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { TopicsConf } from "@soma/conf/topics";
import { newId } from "@soma/shared/ids";
import kafkajs, { type Admin } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestKafka } from "../test-kafka.ts";

const SOMA = fileURLToPath(new URL("../../cli/soma.ts", import.meta.url));
/** No other test has it. */
const TENANT = `t${newId().slice(-12)}`;
const RUNS = `soma.${TENANT}.agent.runs.v1`;
const CONF: TopicsConf = {
  default: { partitions: 2, replication: 1, retention: "7d", isolation: "dedicated" },
  topics: { "agent.runs.v1": { schema: "agent.runs.v1", key: "run_id" } },
  deadLetters: { partitions: 1, retention: "30d" },
  tenants: { [TENANT]: { principal: "somebody" } },
};

describe("soma topics, on a Kafka without access lists", { timeout: 60_000 }, () => {
  let server: Awaited<ReturnType<typeof startTestKafka>>;
  let admin: Admin;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "soma-topics-"));
    server = await startTestKafka();
    admin = new kafkajs.Kafka({ brokers: server.brokers, logLevel: kafkajs.logLevel.NOTHING }).admin();
    await admin.connect();
  }, 400_000);
  afterAll(async () => {
    await admin.disconnect();
    await server.stop();
    await rm(folder, { recursive: true });
  });

  /** What the command prints, and what it fails with. */
  async function soma(conf: TopicsConf, ...args: string[]): Promise<{ stdout: string; stderr: string; code: number }> {
    await writeFile(join(folder, "topics.yaml"), JSON.stringify(conf));
    const env = { ...process.env, SOMA_KAFKA_BROKERS: server.brokers.join(), SOMA_CONF_DIR: folder };
    return promisify(execFile)(process.execPath, [SOMA, "topics", ...args], { env }).then(
      (said) => ({ ...said, code: 0 }),
      (error: { stdout: string; stderr: string; code: number }) => error,
    );
  }
  const configOf = async (topic: string): Promise<Record<string, string>> => {
    const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: topic };
    const { resources } = await admin.describeConfigs({ resources: [resource], includeSynonyms: false });
    const entries = resources[0]?.configEntries ?? [];
    return Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]));
  };

  it("lists what is missing, makes it once, and says that nobody is kept from it", async () => {
    expect((await soma(CONF, "list")).stdout).toMatch(new RegExp(`${RUNS} .* missing\n`));
    const dry = await soma(CONF, "apply", "--dry-run");
    expect(dry.stdout).toContain(`would create ${RUNS}: 2 partitions, 1 copies, 7 days\n`);
    expect(dry.stdout).toContain("note: the cluster has no access lists");
    expect(await admin.listTopics()).not.toContain(RUNS);
    expect((await soma(CONF, "apply")).stdout).toContain("2 changes were made");
    expect((await soma(CONF, "apply")).stdout).toContain("2 topics are as they are to be");
    expect((await soma(CONF, "list")).stdout).toMatch(new RegExp(`${RUNS} .* there\n`));
  });

  it("adds what is wanted, and keeps what others have set", async () => {
    const { TOPIC: type } = kafkajs.ConfigResourceTypes;
    const configEntries = Object.entries({ "max.message.bytes": "2000000", "retention.ms": "604800000" });
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type, name: RUNS, configEntries: configEntries.map(([name, value]) => ({ name, value })) }],
    });
    const longer = { ...CONF, default: { ...CONF.default, partitions: 3, retention: "9d" } };
    expect((await soma(longer, "apply")).code).toBe(0);
    expect(await configOf(RUNS)).toMatchObject({ "max.message.bytes": "2000000", "retention.ms": "777600000" });
  });

  it("refuses whole what would take something away, with exit code 1, and the faults of a file", async () => {
    const { code, stderr } = await soma({ ...CONF, tenants: { ...CONF.tenants, [`${TENANT}x`]: {} } }, "apply");
    expect([code, stderr]).toEqual([1, expect.stringContaining(`nothing was changed: ${RUNS} has 3 partitions`)]);
    expect(await admin.listTopics()).not.toContain(`soma.${TENANT}x.agent.runs.v1`);
    const wrong = await soma({ ...CONF, tenants: { pool: {} } }, "apply", "--json");
    expect(wrong.code).toBe(1);
    expect(JSON.parse(wrong.stdout)).toMatchObject({
      error: { code: "NO_TOPICS", message: expect.stringContaining("tenants/pool is the name of what is pooled") },
    });
  });
});
