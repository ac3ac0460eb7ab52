import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createSomaClient, type SomaClient } from "@soma/graphql/client";
import { parseCredentials } from "@soma/schemas/data-folder";
import { until } from "@soma/shared/testing/until";
import kafkajs, { type Kafka } from "kafkajs";

const SECRETS = fileURLToPath(new URL("../../../infra/compose/secrets/credentials.json", import.meta.url));
const PROJECT = "soma";
const URL_OF_GATEWAY = "http://127.0.0.1:4700";
const BACK_MS = 120_000;
const run = promisify(execFile);

/** The stack of infra/compose, which somebody has started; nothing of it is made or removed here. */
export interface Stack {
  client: SomaClient;
  /** A client of its Kafka from outside, on the network of its container. */
  kafka: Kafka;
  /** Kills what a service runs as kill -9 does; gives whether its engine starts it again by itself, and starts it where not. */
  kill(service: string): Promise<boolean>;
  /** Waits until what a service runs is asked for its health and answers. */
  healthy(service: string): Promise<void>;
  /** Waits until the gateway says that everything behind it is ready. */
  ready(): Promise<void>;
  isReady(): Promise<boolean>;
  /** The id of the image that a service runs. */
  imageOf(service: string): Promise<string>;
  /** The lines of all notes of a tenant. */
  notes(tenant: string): Promise<string[]>;
}

export async function openStack(engine = process.env.SOMA_CONTAINER_ENGINE || "podman"): Promise<Stack> {
  const ask = async (...args: string[]): Promise<string> => (await run(engine, args)).stdout.trim();
  const idOf = async (service: string): Promise<string> => {
    const labels = [`project=${PROJECT}`, `service=${service}`].map((each) => `label=com.docker.compose.${each}`);
    const id = await ask("ps", "--all", "--quiet", ...labels.flatMap((label) => ["--filter", label]));
    if (!/^\w+$/.test(id)) throw new Error(`there is not one container of ${service}: start infra/compose/up.sh`);
    return id;
  };
  const pidOf = async (id: string): Promise<number> => Number(await ask("inspect", "--format", "{{.State.Pid}}", id));
  const credentials = parseCredentials(await readFile(SECRETS, "utf8"));
  if (credentials === undefined) throw new Error(`there is no token in ${SECRETS}`);

  async function kill(service: string): Promise<boolean> {
    const id = await idOf(service);
    const before = await pidOf(id);
    if (before === 0) throw new Error(`${service} does not run`);
    process.kill(before, "SIGKILL");
    const isBack = async (): Promise<boolean> => ![0, before].includes(await pidOf(id));
    const byItself = await until(`${service} is started again`, isBack, 15_000).catch(() => false);
    if (!byItself) await ask("start", id);
    return byItself;
  }

  const isReady = async (): Promise<boolean> =>
    fetch(`${URL_OF_GATEWAY}/readyz`, { signal: AbortSignal.timeout(5_000) }).then(
      ({ ok }) => ok,
      () => false,
    );

  return {
    isReady,
    imageOf: async (service) => ask("inspect", "--format", "{{.Image}}", await idOf(service)),
    client: createSomaClient({ url: URL_OF_GATEWAY, token: credentials.token }),
    kafka: await kafkaAt(async () => ask("inspect", "--format", ADDRESS, await idOf("kafka"))),
    kill,
    async healthy(service) {
      const id = await idOf(service);
      const test = JSON.parse(await ask("inspect", "--format", "{{json .Config.Healthcheck.Test}}", id)) as string[];
      const words = test[0] === "CMD" ? test.slice(1) : ["sh", "-c", ...test.slice(1)];
      await until(`${service} is healthy`, () => ask("exec", id, ...words).then(() => true), BACK_MS);
    },
    async ready() {
      await until("the gateway is ready", isReady, BACK_MS);
    },
    notes: async (tenant) => {
      const id = await idOf("tools");
      return (await ask("exec", id, "node", "-e", PRINT_NOTES, tenant)).split("\n");
    },
  };
}

/** One of its addresses is enough: this machine is in each of its networks. */
const ADDRESS = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}";

const PRINT_NOTES = `const { globSync, readFileSync } = require("node:fs");
for (const file of globSync("/var/lib/soma/notes/" + process.argv[1] + "/**", { withFileTypes: true }))
  if (file.isFile()) process.stdout.write(readFileSync(file.parentPath + "/" + file.name, "utf8"));`;

/** Its broker says that it is called kafka, which this machine does not know; a container that was started again has another address. */
async function kafkaAt(find: () => Promise<string>): Promise<Kafka> {
  let host = "";
  const look = async (): Promise<void> => {
    host = (await find()).split(" ")[0] ?? "";
  };
  await look();
  const timer = setInterval(() => void look().catch(() => {}), 2_000);
  timer.unref();
  return new kafkajs.Kafka({
    brokers: ["kafka:9092"],
    clientId: "outside",
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 300, retries: 20, maxRetryTime: 3_000 },
    socketFactory: ({ port, onConnect }) => connect({ host, port, keepAlive: true }, onConnect),
  });
}
