import { randomUUID } from "node:crypto";
import { RunDetailDocument, SendMessageDocument } from "@soma/graphql/operations";
import type { EventKind } from "@soma/schemas/run-history";
import { CliError } from "./cli-error.ts";
import { describeEvent } from "./describe-event.ts";
import type { Product } from "./find-product.ts";
import { print, printJson, safe } from "./print.ts";

export interface AskOptions {
  text: string;
  session?: string;
  role?: string;
  json: boolean;
}

/** Asks, follows the run to its end, and prints the answer; what happens on the way goes to stderr. */
export async function ask(product: Product, options: AskOptions): Promise<void> {
  const { text, session, role, json } = options;
  const input = {
    text,
    idempotencyKey: randomUUID(),
    ...(session === undefined ? {} : { sessionId: session }),
    ...(role === undefined ? {} : { role }),
  };
  const { sendMessage } = await product.client.request(SendMessageDocument, { input });
  const { id } = sendMessage.run;
  for await (const event of product.client.runEvents({ runId: id, afterSeq: 0 }))
    if (!json && NOTED.has(event.type)) note(describeEvent(event));
  const { run } = await product.client.request(RunDetailDocument, { id });
  if (run === null || run === undefined) throw new CliError(`run ${id} is not there any more`, { code: "NOT_FOUND" });
  if (json)
    printJson({
      sessionId: sendMessage.session.id,
      runId: id,
      status: run.status,
      answer: run.answer,
      error: run.error,
    });
  else print(run.answer === null || run.answer === undefined ? "" : safe(run.answer));
  if (!json) process.stderr.write(`\nsession ${sendMessage.session.id}\nrun     ${id}\n`);
  if (run.status !== "SUCCEEDED")
    throw new CliError(`run ${id} ended ${run.status.toLowerCase()}: ${run.error?.message ?? "no reason was given"}`, {
      code: run.error?.code ?? run.status,
    });
}

/** Types of events that are told on the way. */
const NOTED = new Set<string>([
  "STEP_SUCCEEDED",
  "STEP_DENIED",
  "STEP_FAILED",
  "STEP_RETRIED",
  "RUN_RECOVERED",
] satisfies EventKind[]);

function note(words: string): void {
  if (words !== "") process.stderr.write(`· ${safe(words)}\n`);
}
