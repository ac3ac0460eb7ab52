import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startPostgres } from "@soma/local/postgres";
import { startTestKafka } from "@soma/local/test-kafka";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { byKind, containersOf, type Manifest, prepareCharts } from "./testing/charts.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TENANT = `t${newId().slice(-12)}`;
const TOPICS = {
  default: { partitions: 2, replication: 1, retention: "7d", isolation: "dedicated" },
  topics: { "agent.runs.v1": { schema: "agent.runs.v1", key: "run_id" } },
  deadLetters: { partitions: 1, retention: "30d" },
  tenants: { [TENANT]: {} },
};

/** On servers of their own, as they were on the first day of an installation. */
describe("the Jobs of a release", { timeout: 120_000 }, () => {
  const closing: (() => Promise<unknown>)[] = [];
  let jobs: Manifest[];
  let secrets: Record<string, string>;

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), "soma-jobs-"));
    closing.push(() => rm(folder, { recursive: true, force: true }));
    await writeFile(join(folder, "topics.yaml"), JSON.stringify(TOPICS));
    const [charts, server, kafka] = await Promise.all([prepareCharts(), startServer(folder), startTestKafka()]);
    closing.push(charts.close, server.stop, kafka.stop);
    const as = (user: string): string => Object.assign(new URL(server.ownerUrl), { username: user }).href;
    secrets = {
      "soma-database/owner-url": server.ownerUrl,
      "soma-database/request-url": as("soma_request"),
      "soma-database/worker-url": as("soma_worker"),
    };
    const manifests = await charts.render({
      mode: "dev_prod",
      set: { "global.env.SOMA_KAFKA_BROKERS": kafka.brokers.join(), "global.env.SOMA_CONF_DIR": folder },
    });
    const weight = ({ metadata }: Manifest): number => Number(metadata.annotations["helm.sh/hook-weight"]);
    jobs = byKind(manifests, "Job").toSorted((a, b) => weight(a) - weight(b));
  }, 400_000);
  afterAll(async () => {
    for (const close of closing.toReversed()) await close();
  });

  const startServer = (folder: string) =>
    startPostgres({
      dataDir: join(folder, "pg"),
      password: "owner",
      preferredPort: 0,
      database: "postgres",
      log: createSilentLog(),
      say: () => {},
    });

  /** What the container of a Job prints with the environment that it is given, and with nothing else. */
  async function run(job: Manifest): Promise<string> {
    const [{ args, env }] = containersOf(job) as [Manifest];
    const given = (env as Manifest[]).map(({ name, value, valueFrom: from }) => [
      name,
      value ?? secrets[`${from.secretKeyRef.name}/${from.secretKeyRef.key}`],
    ]);
    const options = { cwd: ROOT, env: Object.fromEntries(given) };
    return (await promisify(execFile)(process.execPath, args, options)).stdout;
  }

  it("make tables and topics in their order on a new database and new brokers, and change nothing again", async () => {
    const said: string[] = [];
    for (const job of [...jobs, ...jobs]) said.push(await run(job));
    expect(said).toEqual([
      expect.stringMatching(/; \d+ migrations were applied\n$/),
      expect.stringContaining("2 changes were made"),
      expect.stringContaining("; the tables are as they are to be"),
      expect.stringContaining("2 topics are as they are to be"),
    ]);
  });
});
