import { PauseRunDocument, ResumeRunDocument, RunDetailDocument, SendMessageDocument } from "@soma/graphql/operations";
import { isFinished } from "@soma/graphql/run-status";
import type { OrderedEvent } from "@soma/schemas/run-faults";
import { newId } from "@soma/shared/ids";
import { until } from "@soma/shared/testing/until";
import { verifiedEvents } from "../../../infra/cli/verified-events.ts";
import { ofRun, type Read } from "../../system/on-kafka/outside-reader.ts";
import type { Came } from "./judge.ts";
import type { Stack } from "./stack.ts";

export const TENANT = "local";
const TOPIC = `soma.${TENANT}.agent.runs.v1`;
const ENDED_MS = 180_000;
const TOLD_MS = 60_000;

export interface Started {
  runId: string;
  mark: string;
}

/** Sends under one key until it is answered: who lost the gateway is told nothing by it. */
export async function start({ client }: Stack, about: string): Promise<Started> {
  const mark = `mark-${about}-${newId()}`;
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

/** A run that stands until it is told to go on; one that has ended before it was paused is not what is meant. */
export async function startPaused(stack: Stack): Promise<Started> {
  for (;;) {
    const started = await start(stack, "paused");
    const { runId } = started;
    await stack.client.request(PauseRunDocument, { input: { runId, idempotencyKey: newId() } }).catch(() => {});
    const status = await until(
      `run ${runId} is paused or has ended`,
      async () => {
        const { run } = await stack.client.request(RunDetailDocument, { id: runId });
        return run && (run.status === "PAUSED" || isFinished(run.status)) ? run.status : undefined;
      },
      ENDED_MS,
    );
    if (status === "PAUSED") return started;
  }
}

export async function resume({ client }: Stack, { runId }: Started): Promise<void> {
  await client.request(ResumeRunDocument, { input: { runId, idempotencyKey: newId() } });
}

export async function follow({ client }: Stack, { runId, mark }: Started, records: readonly Read[]): Promise<Came> {
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
export async function listen(stack: Stack): Promise<{ records: Read[]; close(): Promise<void> }> {
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
