import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { until } from "@soma/shared/testing/until";
import { freePort } from "../free-port.ts";
import { type BrokerPlace, type ClusterShape, propertiesOf, scramOf } from "./broker-properties.ts";
import { findKafka, type KafkaPrograms } from "./kafka-programs.ts";

const START_MS = 90_000;
const run = promisify(execFile);
/** Small, and quick to start: a broker of tests holds little and lives shortly. */
const JVM = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xms64m", "-Xmx192m"];
const LOGGING = [
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
  "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
];

/** Brokers on loopback, each in a process of its own. */
export interface KafkaCluster {
  /** Addresses for clients, without a password. */
  brokers: string[];
  /** Addresses for clients that sign in; empty where nobody has to. */
  signedIn: string[];
  /** What a power cut does to one broker, by its place from 0. */
  kill(place: number): Promise<void>;
  /** Starts one again that was killed, on what it had written. */
  restart(place: number): Promise<void>;
  /** Freezes one, and lets it go on. */
  freeze(place: number): void;
  thaw(place: number): void;
  stop(): Promise<void>;
}

/** Starts so many brokers, which are their own controllers, on free ports, with nothing in them. */
export async function startKafka(shape: ClusterShape = {}): Promise<KafkaCluster> {
  const programs = await findKafka();
  const folder = await mkdtemp(join(tmpdir(), "soma-kafka-"));
  const places = await findPlaces(shape.brokers ?? 1);
  const processes: ChildProcess[] = [];
  const begin = async (at: number): Promise<void> => {
    processes[at] = startBroker(programs, join(folder, String(at)));
  };
  const stop = async (): Promise<void> => {
    await Promise.all(processes.map(end));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await format(programs, folder, places, shape);
    await Promise.all(places.map((_place, at) => begin(at)));
    await Promise.all(places.map((_place, at) => isReady(join(folder, String(at)), processes[at])));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    brokers: places.map(({ port }) => `127.0.0.1:${port}`),
    signedIn: shape.users === undefined ? [] : places.map(({ saslPort }) => `127.0.0.1:${saslPort}`),
    kill: (at) => end(processes[at]),
    async restart(at) {
      await begin(at);
      await isReady(join(folder, String(at)), processes[at]);
    },
    freeze: (at) => void processes[at]?.kill("SIGSTOP"),
    thaw: (at) => void processes[at]?.kill("SIGCONT"),
    stop,
  };
}

async function findPlaces(count: number): Promise<BrokerPlace[]> {
  const places: BrokerPlace[] = [];
  for (let at = 0; at < count; at += 1)
    places.push({ port: await freePort(0), saslPort: await freePort(0), controllerPort: await freePort(0) });
  return places;
}

/** Each broker's folder, with the one id of the cluster in it. */
async function format(programs: KafkaPrograms, folder: string, places: BrokerPlace[], shape: ClusterShape) {
  const { stdout } = await run(programs.java, [...tool(programs), "random-uuid"]);
  const id = stdout.trim().split("\n").at(-1) ?? "";
  for (const at of places.keys()) {
    const own = join(folder, String(at));
    await mkdir(own);
    const properties = join(own, "server.properties");
    await writeFile(properties, propertiesOf({ at, places, folder: own, shape }));
    await run(programs.java, [...tool(programs), "format", "-t", id, "-c", properties, ...scramOf(shape)]);
  }
}

const tool = ({ classPath }: KafkaPrograms): string[] => [...JVM, "-cp", classPath, "kafka.tools.StorageTool"];

function startBroker({ java, classPath }: KafkaPrograms, folder: string): ChildProcess {
  const log = createWriteStream(join(folder, "broker.log"));
  const child = spawn(java, [...JVM, ...LOGGING, "-cp", classPath, "kafka.Kafka", join(folder, "server.properties")], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) stream.pipe(log, { end: false });
  child.once("close", () => log.end());
  return child;
}

async function isReady(folder: string, child: ChildProcess | undefined): Promise<void> {
  const said = (): Promise<string> => readFile(join(folder, "broker.log"), "utf8").catch(() => "");
  const hasEnded = (): boolean => child === undefined || child.exitCode !== null || child.signalCode !== null;
  await until(
    "a broker of Kafka has started",
    async () => hasEnded() || (await said()).includes("Kafka Server started"),
    START_MS,
  );
  if (hasEnded()) throw new Error(`a broker of Kafka ended while it started: ${(await said()).slice(-2_000)}`);
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}
