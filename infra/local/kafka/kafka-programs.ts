import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findTestProgram } from "../test-programs.ts";

const VERSION = "4.4.0";
const SLF4J_VERSION = "1.7.36";
const FOLDER = fileURLToPath(new URL(`../../../.tools/kafka-${VERSION}`, import.meta.url));
const FETCH_MS = 300_000;
const NAME_BROKERS = "name brokers that may be written to: SOMA_TEST_KAFKA_BROKERS=127.0.0.1:9092";
const run = promisify(execFile);

/** What is needed to run a broker on this machine: Java, and where the jars are. */
export interface KafkaPrograms {
  java: string;
  classPath: string;
}

/**
 * Kafka of a fixed version, fetched once from the repository that Maven asks on this machine, into `.tools/`. What is kept is
 * compared with the digests of the day it was fetched each time, and fetched again where a file is not what it was.
 */
export async function findKafka(): Promise<KafkaPrograms> {
  const java = await need("java", "openjdk-17-jre-headless");
  if (!(await isWhole())) await fetchJars(await need("mvn", "maven"));
  return { java, classPath: join(FOLDER, "libs", "*") };
}

async function need(name: string, debian: string): Promise<string> {
  const program = await findTestProgram({ names: [name], debian });
  if (program === undefined)
    throw new Error(
      `these tests need Kafka, which needs ${name}, and there is none on the PATH; ` +
        `install it (Debian: apt-get install ${debian}), or ${NAME_BROKERS}`,
    );
  return program;
}

async function fetchJars(mvn: string): Promise<void> {
  const folder = `${FOLDER}.${process.pid}`;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "pom.xml"), pom());
  const goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory=libs"];
  try {
    await run(mvn, ["--batch-mode", "--quiet", "--strict-checksums", ...goal], { cwd: folder, timeout: FETCH_MS });
    await writeFile(join(folder, "digests.json"), JSON.stringify(await digest(folder), undefined, 2));
    // Another process may have fetched the same meanwhile, and run it by now.
    if (await isWhole()) return;
    await rm(FOLDER, { recursive: true, force: true });
    await rename(folder, FOLDER);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Kafka ${VERSION} cannot be fetched: ${reason}; ${NAME_BROKERS}`, { cause });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Digests of the jars by their names. */
async function digest(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(join(folder, "libs"))).toSorted();
  const digests: Record<string, string> = {};
  for (const name of names)
    digests[name] = createHash("sha256")
      .update(await readFile(join(folder, "libs", name)))
      .digest("hex");
  return digests;
}

async function isWhole(): Promise<boolean> {
  try {
    const kept = JSON.parse(await readFile(join(FOLDER, "digests.json"), "utf8")) as Record<string, string>;
    const found = await digest(FOLDER);
    return JSON.stringify(kept) === JSON.stringify(found) && Object.keys(found).length > 0;
  } catch {
    return false;
  }
}

function pom(): string {
  const dependency = (group: string, name: string, version: string): string =>
    `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>soma.tools</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    ${dependency("org.apache.kafka", "kafka_2.13", VERSION)}
    ${dependency("org.apache.kafka", "kafka-tools", VERSION)}
    ${dependency("org.slf4j", "slf4j-simple", SLF4J_VERSION)}
  </dependencies>
</project>
`;
}
