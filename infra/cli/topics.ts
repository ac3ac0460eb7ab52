import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { askProgram } from "./ask-program.ts";
import { CliError } from "./cli-error.ts";
import { print, printJson, printTable } from "./print.ts";

/** The installation's own program: it speaks with Kafka, a client of the product does not. */
const PROGRAM = fileURLToPath(new URL("../local/topics.ts", import.meta.url));

export interface TopicsOptions {
  conf?: string;
  json: boolean;
}

type Change =
  | { kind: "create"; topic: Topic }
  | { kind: "add partitions"; topic: string; from: number; to: number }
  | { kind: "set"; topic: string; changes: { name: string; from?: string; to: string }[] }
  | {
      kind: "allow";
      access: { principal: string; resource: string; name: string; isPrefix: boolean; operation: string };
    };

interface Topic {
  name: string;
  partitions: number;
  replication: number;
  config: Record<string, string>;
}

interface TopicsReport {
  topics: (Topic & { there: boolean })[];
  changes: Change[];
  refused: string[];
  notes: string[];
  done: number;
}

/** Lists the topics that topics.yaml asks for, and which of them a cluster has. */
export async function listTopics({ conf, json }: TopicsOptions, program = PROGRAM): Promise<void> {
  const { topics } = await ask(program, { conf, apply: false });
  if (json) return printJson(topics);
  printTable(
    ["TOPIC", "PARTITIONS", "COPIES", "KEPT", "IS"],
    topics.map(({ name, partitions, replication, config, there }) => [
      name,
      String(partitions),
      String(replication),
      keptFor(config),
      there ? "there" : "missing",
    ]),
  );
}

/** Makes what a cluster lacks of topics.yaml, or says what it would; fails when something of it would take something away. */
export async function applyTopics(
  { conf, dryRun, json }: TopicsOptions & { dryRun: boolean },
  program = PROGRAM,
): Promise<void> {
  const report = await ask(program, { conf, apply: !dryRun });
  if (json) printJson(report);
  else printPlan(report, dryRun);
  const [first] = report.refused;
  if (first !== undefined)
    throw new CliError(`nothing was changed: ${report.refused.join("; ")}`, { code: "TOPICS_REFUSED" });
}

function ask(program: string, { conf, apply }: { conf: string | undefined; apply: boolean }): Promise<TopicsReport> {
  return askProgram<TopicsReport>({
    program,
    args: [...(apply ? ["--apply"] : []), ...(conf === undefined ? [] : ["--conf", resolve(conf)])],
    lacks: "that knows which topics there are to be",
    failed: { what: "the topics cannot be looked at", code: "NO_TOPICS" },
  });
}

function printPlan({ topics, changes, refused, notes, done }: TopicsReport, dryRun: boolean): void {
  for (const change of changes) print(`${dryRun || done === 0 ? "would " : ""}${describe(change)}`);
  for (const note of notes) print(`note: ${note}`);
  if (refused.length > 0) return;
  if (changes.length === 0) print(`${topics.length} topics are as they are to be`);
  else print(dryRun ? `${changes.length} changes would be made` : `${done} changes were made`);
}

function describe(change: Change): string {
  switch (change.kind) {
    case "create": {
      const { name, partitions, replication, config } = change.topic;
      return `create ${name}: ${partitions} partitions, ${replication} copies, ${keptFor(config)}`;
    }
    case "add partitions":
      return `give ${change.topic} ${change.to} partitions, in place of ${change.from}`;
    case "set":
      return `set ${change.changes.map(({ name, from, to }) => `${name} from ${from ?? "nothing"} to ${to}`).join(", ")} of ${change.topic}`;
    case "allow": {
      const { principal, operation, resource, name, isPrefix } = change.access;
      return `allow ${principal} to ${operation} ${resource} ${name}${isPrefix ? "*" : ""}`;
    }
  }
}

const DAY_MS = 86_400_000;

function keptFor(config: Record<string, string>): string {
  const ms = Number(config["retention.ms"]);
  const time = ms === -1 ? "for ever" : `${ms / DAY_MS} days`;
  return config["cleanup.policy"] === "compact" ? `newest of a key, ${time}` : time;
}
