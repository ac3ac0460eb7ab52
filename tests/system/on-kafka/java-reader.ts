import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { findKafka } from "../../../infra/local/kafka/kafka-programs.ts";

const SILENCE_MS = 5_000;
const LIMIT_MS = 60_000;

/** A record as Kafka's own client in Java prints it. */
export interface JavaRead {
  headers: Record<string, string>;
  key: string;
  value: string;
}

/** What Kafka's own console consumer reads of a topic, from its beginning until nothing comes any more. */
export async function readInJava(brokers: readonly string[], topic: string): Promise<JavaRead[]> {
  const { java, classPath } = await findKafka();
  const printed = ["print.headers", "print.key", "print.value"].flatMap((name) => [
    "--formatter-property",
    `${name}=true`,
  ]);
  const args = [
    ...["-cp", classPath, "org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server", brokers.join()],
    ...["--topic", topic, "--from-beginning", "--timeout-ms", String(SILENCE_MS), ...printed],
  ];
  // It ends with an error when its time is over; what it read stands in its output all the same.
  const { stdout } = await promisify(execFile)(java, args, { timeout: LIMIT_MS, maxBuffer: 16_777_216 }).catch(
    (ended: { stdout?: string }) => ({ stdout: ended.stdout ?? "" }),
  );
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map(toRead);
}

/** Headers, key and value, between tabs; headers as `name:value` between commas. */
function toRead(line: string): JavaRead {
  const [headers = "", key = "", value = ""] = line.split("\t");
  const pairs = headers.split(/,(?=[\w-]+:)/).map((each) => {
    const at = each.indexOf(":");
    return [each.slice(0, at), each.slice(at + 1)];
  });
  return { headers: Object.fromEntries(pairs) as Record<string, string>, key, value };
}
