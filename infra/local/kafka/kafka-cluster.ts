import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { until } from "@soma/shared/testing/until";
import { freePort } from "../free-port.ts";
import { type BrokerCertificate, createBrokerCertificate } from "./broker-certificate.ts";
import { type BrokerPlace, type ClusterShape, propertiesOf, scramOf } from "./broker-properties.ts";
import { findKafka, type KafkaPrograms } from "./kafka-programs.ts";

const START_MS = 90_000;
/** A folder's format is told at length. */
const MOST_SAID_BYTES = 16_777_216;
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
  /** The same over TLS, with the file of the authority; empty where there is no TLS. */
  overTls: { brokers: string[]; signedIn: string[]; caFile: string };
  /** Where a proxy that stands before the broker finds it. */
  behindProxy: number;
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
    const broker = startBroker(programs, join(folder, String(at)));
    processes[at] = broker.process;
    await broker.started;
  };
  /** Who started them may end without having stopped them. */
  const abandon = (): void => {
    for (const each of processes) each.kill("SIGKILL");
  };
  process.once("exit", abandon);
  const stop = async (): Promise<void> => {
    await Promise.all(processes.map(end));
    process.off("exit", abandon);
    await rm(folder, { recursive: true, force: true });
  };
  let certificate: BrokerCertificate | undefined;
  try {
    if (shape.hasTls === true) certificate = await createBrokerCertificate(folder);
    await format(programs, { folder, places, shape, certificate });
    await Promise.all(places.map((_place, at) => begin(at)));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    brokers: places.map(({ port }) => `127.0.0.1:${port}`),
    signedIn: shape.users === undefined ? [] : places.map(({ saslPort }) => `127.0.0.1:${saslPort}`),
    overTls: overTls(places, shape, certificate),
    behindProxy: places[0]?.saslPort ?? 0,
    kill: (at) => end(processes[at]),
    restart: begin,
    freeze: (at) => void processes[at]?.kill("SIGSTOP"),
    thaw: (at) => void processes[at]?.kill("SIGCONT"),
    stop,
  };
}

function overTls(places: readonly BrokerPlace[], { users }: ClusterShape, certificate: BrokerCertificate | undefined) {
  if (certificate === undefined) return { brokers: [], signedIn: [], caFile: "" };
  const brokers = places.map(({ tlsPort }) => `127.0.0.1:${tlsPort}`);
  const signedIn = users === undefined ? [] : places.map(({ tlsSaslPort }) => `127.0.0.1:${tlsSaslPort}`);
  return { brokers, signedIn, caFile: certificate.caFile };
}

async function findPlaces(count: number): Promise<BrokerPlace[]> {
  const ports = new Set<number>();
  // A port is free again once it was found, and may be found twice.
  while (ports.size < 5 * count) ports.add(await freePort(0));
  const [...all] = ports;
  return Array.from({ length: count }, (_place, at) => {
    const [port = 0, saslPort = 0, tlsPort = 0, tlsSaslPort = 0, controllerPort = 0] = all.slice(5 * at);
    return { port, saslPort, tlsPort, tlsSaslPort, controllerPort };
  });
}

interface FormatParams {
  folder: string;
  places: readonly BrokerPlace[];
  shape: ClusterShape;
  certificate: BrokerCertificate | undefined;
}

/** Each broker's folder, with the one id of the cluster in it. */
async function format(programs: KafkaPrograms, { folder, places, shape, certificate }: FormatParams): Promise<void> {
  const { stdout } = await run(programs.java, [...tool(programs), "random-uuid"]);
  const id = stdout.trim().split("\n").at(-1) ?? "";
  for (const at of places.keys()) {
    const own = join(folder, String(at));
    await mkdir(own);
    const properties = join(own, "server.properties");
    await writeFile(properties, propertiesOf({ at, places, folder: own, shape, certificate }));
    const args = [...tool(programs), "format", "-t", id, "-c", properties, ...scramOf(shape)];
    await run(programs.java, args, { maxBuffer: MOST_SAID_BYTES });
  }
}

const tool = ({ classPath }: KafkaPrograms): string[] => [...JVM, "-cp", classPath, "kafka.tools.StorageTool"];

interface StartingBroker {
  process: ChildProcess;
  started: Promise<void>;
}

function startBroker({ java, classPath }: KafkaPrograms, folder: string): StartingBroker {
  // One for each start: what an earlier one said must not be taken for this one.
  const log = join(folder, `broker-${Date.now()}.log`);
  const written = createWriteStream(log);
  const child = spawn(java, [...JVM, ...LOGGING, "-cp", classPath, "kafka.Kafka", join(folder, "server.properties")], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) stream.pipe(written, { end: false });
  child.once("close", () => written.end());
  return { process: child, started: isReady(log, child) };
}

async function isReady(log: string, child: ChildProcess): Promise<void> {
  const said = (): Promise<string> => readFile(log, "utf8").catch(() => "");
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
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
