import { createSomaClient } from "@soma/graphql/client";
import { RunDetailDocument, SendMessageDocument } from "@soma/graphql/operations";
import { isFinished } from "@soma/graphql/run-status";
import type { Local } from "./start.ts";

const DEMO = "What is 6*7? Remember that the demo ran on first start.";
const LIMIT_MS = 10_000;

/** One real conversation through the front door, so that the first screen has something to show; its run's id. */
export async function runDemo(local: Local): Promise<string> {
  const client = createSomaClient({ url: local.url, token: local.token });
  const { sendMessage } = await client.request(SendMessageDocument, {
    input: { text: DEMO, idempotencyKey: "demo-on-first-start" },
  });
  const { id } = sendMessage.run;
  const end = performance.now() + LIMIT_MS;
  while (performance.now() < end) {
    const { run } = await client.request(RunDetailDocument, { id });
    if (run !== null && run !== undefined && isFinished(run.status)) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return id;
}
