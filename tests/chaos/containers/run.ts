/**
 * Kills what each container of the compose stack runs, one after the other, while runs are under way, and prints what became of
 * them: a line for each. Exit code 1 when a run was lost, something was done or told twice, or a history is broken.
 *
 *   infra/compose/up.sh
 *   node_modules/.bin/node tests/chaos/containers/run.ts [runs, 6 when left out] [services to kill; all when left out]
 */
import { RunDetailDocument, SendMessageDocument } from "@soma/graphql/operations";
import { isFinished } from "@soma/graphql/run-status";
import type { OrderedEvent } from "@soma/schemas/run-faults";
import { newId } from "@soma/shared/ids";
import { until } from "@soma/shared/testing/until";
import { verifiedEvents } from "../../../infra/cli/verified-events.ts";
import { ofRun, type Read } from "../../system/on-kafka/outside-reader.ts";
import { type Came, judge } from "./judge.ts";
import { openStack, type Stack } from "./stack.ts";

const SERVICES = [
  ...["gateway", "runs", "worker", "memory", "outbox-sync", "policy", "tools"],
  ...["postgres", "kafka", "redis", "prometheus", "alertmanager", "otel-collector"],
];
const TENANT = "local";
const TOPIC = `soma.${TENANT}.agent.runs.v1`;
const ENDED_MS = 180_000;
const TOLD_MS = 60_000;

interface Started {
  runId: string;
  mark: string;
}

/** Sends under one key until it is answered: who killed the gateway is told nothing by it. */
async function start({ client }: Stack, service: string): Promise<Started> {
  const mark = `mark-${service}-${newId()}`;
  const input = {
    text: `note: ${mark}. Then run code: await sleep(1500); console.log("slept")`,
    idempotencyKey: newId(),
  };
  const runId = await until(
    "a run is accepted",
    async () => (await client.request(SendMessageDocument, { input })).sendMessage.run.id,
    ENDED_MS,
  );
  return { runId, mark };
}

async function follow({ client }: Stack, { runId, mark }: Started, records: readonly Read[]): Promise<Came> {
  const run = await until(
    `run ${runId} has ended`,
    async () => {
      const { run } = await client.request(RunDetailDocument, { id: runId });
      return run && isFinished(run.status) ? run : undefined;
    },
    ENDED_MS,
  );
  const events: OrderedEvent[] = [];
  for await (const { seq, type, stepNumber, nodeId, attempt } of verifiedEvents(client, runId, run.headSeq))
    events.push({ seq, kind: type, step: stepNumber ?? 0, node: nodeId ?? null, attempt: attempt ?? 0 });
  const told = () => ofRun(records, runId, "agent.runs.v1").map(({ status }) => String(status));
  await until(`the end of ${runId} is told`, () => told().includes("succeeded"), TOLD_MS).catch(() => {});
  return { runId, mark, status: run.status, events, told: told() };
}

/** What somebody else's program has read of the runs' topic, from now on. */
async function listen(stack: Stack): Promise<{ records: Read[]; close(): Promise<void> }> {
  const consumer = stack.kafka.consumer({ groupId: `outside-${newId()}`, sessionTimeout: 10_000 });
  const records: Read[] = [];
  await consumer.connect();
  await consumer.subscribe({ topics: [TOPIC], fromBeginning: true });
  await consumer.run({
    async eachMessage({ topic, message: { key, value, headers = {} } }) {
      const named = Object.entries(headers).map(([name, each]) => [name, String(each)]);
      const data = JSON.parse(String(value)) as Record<string, unknown>;
      records.push({ topic, key: String(key), headers: Object.fromEntries(named), data });
    },
  });
  return { records, close: () => consumer.disconnect() };
}

async function strike(stack: Stack, service: string, runs: number, records: readonly Read[]): Promise<string[]> {
  const started = await Promise.all(Array.from({ length: runs }, () => start(stack, service)));
  const at = performance.now();
  const byItself = await stack.kill(service);
  await stack.healthy(service);
  await stack.ready();
  const seconds = ((performance.now() - at) / 1_000).toFixed(1);
  const came = await Promise.all(started.map((each) => follow(stack, each, records)));
  const faults = judge(came, await stack.notes(TENANT));
  const ended = ((performance.now() - at) / 1_000).toFixed(1);
  const cells = [service, byItself ? "the engine" : "this program", seconds, runs, ended, faults.join("; ") || "none"];
  console.log(`| ${cells.join(" | ")} |`);
  return faults;
}

const given = process.argv.slice(2);
const runs = Number(given.find((each) => /^\d+$/.test(each)) ?? 6);
const named = given.filter((each) => !/^\d+$/.test(each));
const unknown = named.filter((each) => !SERVICES.includes(each));
if (unknown.length > 0) throw new Error(`there is no service ${unknown.join(", ")}; there are ${SERVICES.join(", ")}`);

const stack = await openStack();
await stack.ready();
const reader = await listen(stack);
console.log("| killed | started again by | ready after s | runs | all ended after s | wrong |");
console.log("|---|---|---|---|---|---|");
for (const service of named.length > 0 ? named : SERVICES)
  if ((await strike(stack, service, runs, reader.records)).length > 0) process.exitCode = 1;
await reader.close();
process.exit();
