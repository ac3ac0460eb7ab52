import { randomUUID } from "node:crypto";
import {
  RunDetailDocument,
  type RunDetailQuery,
  type RunStatus,
  SendMessageDocument,
  StartRunDocument,
} from "@soma/graphql/operations";
import { isFinished } from "@soma/graphql/run-status";
import { type EventKind, payloadOf } from "@soma/schemas/run-history";
import { CliError, EXIT } from "./cli-error.ts";
import { describeEvent } from "./describe-event.ts";
import type { Product } from "./find-product.ts";
import { print, printJson, safe } from "./print.ts";
import { describeTroubles, noteTroubles, type ToolTroubles } from "./tool-troubles.ts";

/** Whom to ask; the assistant answers a text, any other agent an input. */
export type Asked = { text: string } | { graph: string; input: Readonly<Record<string, unknown>> };

export interface AskOptions {
  asked: Asked;
  session?: string;
  role?: string;
  /** Prints the run's id and does not wait for its end. */
  detach?: boolean;
  json: boolean;
}

interface Ids {
  sessionId: string;
  runId: string;
}

type Run = NonNullable<RunDetailQuery["run"]>;

/** What is known of a run by its events so far. */
interface Seen {
  status: RunStatus;
  troubles: ToolTroubles;
}

/** Kinds that end a run, and what the run is then. */
const RUN_END: Partial<Record<string, RunStatus>> = {
  RUN_SUCCEEDED: "SUCCEEDED",
  RUN_FAILED: "FAILED",
  RUN_CANCELED: "CANCELED",
} satisfies Partial<Record<EventKind, RunStatus>>;

/**
 * Asks, follows the run to its end, and prints the answer; the ids, what happens on the way and what tools print go to
 * stderr. The exit code is 1 unless the run succeeded and so did each of its tool calls.
 */
export async function ask(product: Product, options: AskOptions): Promise<void> {
  const idempotencyKey = randomUUID();
  const onEarly = (): void => leaveEarly(product, idempotencyKey, options.json);
  process.once("SIGINT", onEarly);
  const ids = await send(product, options, idempotencyKey).finally(() => process.off("SIGINT", onEarly));
  if (options.detach === true) return options.json ? printJson(ids) : print(ids.runId);
  if (!options.json) process.stderr.write(`session ${ids.sessionId}\nrun     ${ids.runId}\n\n`);
  const troubles: ToolTroubles = { failed: [], denied: [], cut: 0 };
  const seen: Seen = { status: "RUNNING", troubles };
  const onInterrupt = (): void => leave(product, { ...ids, ...seen }, options.json);
  process.once("SIGINT", onInterrupt);
  await follow(product, ids, { seen, quiet: options.json });
  const { run } = await product.client.request(RunDetailDocument, { id: ids.runId });
  process.off("SIGINT", onInterrupt);
  if (run === null || run === undefined)
    throw new CliError(`run ${ids.runId} is not there any more`, { code: "NOT_FOUND" });
  if (options.json) printJson({ ...ids, ...resultOf(run), troubles });
  else report(run, troubles);
  if (run.outcome?.kind !== "OK") process.exitCode = EXIT.FAILED;
}

async function send({ client }: Product, { asked, session, role }: AskOptions, idempotencyKey: string): Promise<Ids> {
  const more = {
    idempotencyKey,
    ...(session === undefined ? {} : { sessionId: session }),
    ...(role === undefined ? {} : { role }),
  };
  if ("graph" in asked) {
    const { startRun } = await client.request(StartRunDocument, { input: { ...asked, ...more } });
    return { sessionId: startRun.run.session.id, runId: startRun.run.id };
  }
  const { sendMessage } = await client.request(SendMessageDocument, { input: { ...asked, ...more } });
  return { sessionId: sendMessage.session.id, runId: sendMessage.run.id };
}

/** Tells of the run as it goes, and notes which of its tool calls do not end well, and how it ends itself. */
async function follow(
  { client }: Product,
  { runId }: Ids,
  { seen, quiet }: { seen: Seen; quiet: boolean },
): Promise<void> {
  const tell = quiet ? () => {} : teller();
  for await (const event of client.runEvents({ runId, afterSeq: 0 })) {
    noteTroubles(seen.troubles, event);
    seen.status = RUN_END[event.type] ?? seen.status;
    tell(event);
  }
}

/** Types of events that are told on the way. */
const NOTED = new Set<string>([
  "STEP_SUCCEEDED",
  "STEP_DENIED",
  "STEP_FAILED",
  "STEP_RETRIED",
  "STEP_PARKED",
  "RUN_RECOVERED",
] satisfies EventKind[]);

/** Writes notes and, as it comes, what tools print; the answer of the model is printed whole at the end. */
function teller(): (event: { type: string; payload: unknown }) => void {
  const ofTools = new Set<string>();
  let lineIsOpen = false;
  return (event) => {
    if (event.type === "STREAM_START") {
      const { tool, stream } = payloadOf("STREAM_START", event.payload);
      if (tool !== null) ofTools.add(stream);
    }
    if (event.type === "STREAM_DATA") {
      const { stream, data } = payloadOf("STREAM_DATA", event.payload);
      if (!ofTools.has(stream) || data === "") return;
      process.stderr.write(safe(data));
      lineIsOpen = !data.endsWith("\n");
    }
    const words = NOTED.has(event.type) ? safe(describeEvent(event)) : "";
    if (words === "") return;
    process.stderr.write(`${lineIsOpen ? "\n" : ""}· ${words}\n`);
    lineIsOpen = false;
  };
}

function resultOf({ status, outcome, answer, error }: Run): object {
  return { status, outcome: outcome ?? null, answer: answer ?? null, error: error ?? null };
}

function report(run: Run, troubles: ToolTroubles): void {
  process.stderr.write("\n");
  if (run.answer !== null && run.answer !== undefined) print(safe(run.answer));
  const words = describeTroubles(troubles);
  const what = words === undefined ? "" : `, with ${safe(words)}`;
  if (run.status !== "SUCCEEDED")
    process.stderr.write(
      `soma: run ${run.id} ended ${run.status.toLowerCase()}${what}: ${safe(run.error?.message ?? "no reason was given")}\n`,
    );
  else if (words !== undefined) process.stderr.write(`soma: run ${run.id} succeeded${what}\n`);
}

/** Ctrl-C before the ids have come: whether there is a run only the product knows. */
function leaveEarly({ hints }: Product, idempotencyKey: string, json: boolean): void {
  const message = `it is not known whether the run has begun; \`${hints.soma} runs list\` shows it if it has`;
  if (json) printJson({ error: { code: "CANCELED", message }, idempotencyKey });
  else process.stderr.write(`\nsoma: ${message}\n`);
  process.exit(EXIT.INTERRUPTED);
}

/** Ctrl-C stops the watching, not the run, which may have ended when only its answer was still to come. */
function leave({ hints }: Product, { sessionId, runId, status, troubles }: Ids & Seen, json: boolean): void {
  if (json) printJson({ sessionId, runId, status, outcome: null, answer: null, error: null, troubles });
  const on = `goes on; watch it with\n  ${hints.soma} runs watch ${runId}\ncancel it with\n  ${hints.soma} runs cancel ${runId}`;
  const over = `has ended ${status.toLowerCase()}; see it with\n  ${hints.soma} runs show ${runId}`;
  process.stderr.write(`\nrun ${runId} ${isFinished(status) ? over : on}\n`);
  process.exit(EXIT.INTERRUPTED);
}
