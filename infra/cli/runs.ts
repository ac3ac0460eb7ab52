import { randomUUID } from "node:crypto";
import {
  CancelRunDocument,
  PauseRunDocument,
  ResumeRunDocument,
  RunDetailDocument,
  type RunDetailQuery,
  RunPictureDocument,
  type RunSummaryFragment,
  RunsDocument,
  SignalRunDocument,
} from "@soma/graphql/operations";
import { isFinished } from "@soma/graphql/run-status";
import { isErased } from "@soma/schemas/erased-payload";
import { InexactNumber, parseExactJson } from "@soma/schemas/exact-json";
import { isRecord } from "@soma/schemas/json";
import { describeUsed } from "./budgets.ts";
import { CliError, EXIT } from "./cli-error.ts";
import { describeEvent } from "./describe-event.ts";
import type { Product } from "./find-product.ts";
import { line, print, printJson, printTable, safe, toJson } from "./print.ts";
import { describeOutcome, describeTroubles, noteTroubles, type ToolTroubles } from "./tool-troubles.ts";

export async function listRuns(
  { client, hints }: Product,
  { limit, json }: { limit: number; json: boolean },
): Promise<void> {
  const { runs } = await client.request(RunsDocument, { first: limit });
  if (json) return printJson(runs.nodes);
  if (runs.nodes.length === 0) return print(`no runs yet; start one with \`${hints.soma} ask TEXT\``);
  printTable(
    ["RUN", "STATUS", "OUTCOME", "STARTED", "QUESTION"],
    runs.nodes.map((run) => [
      run.id,
      run.status,
      describeOutcome(run.outcome),
      run.createdAt,
      line(questionOf(run), 60),
    ]),
  );
}

/** What was asked; the input of an agent that takes no text is shown whole. */
function questionOf({ input }: Pick<RunSummaryFragment, "input">): string {
  if (isErased(input)) return "(erased)";
  return isRecord(input) && typeof input.text === "string" ? input.text : JSON.stringify(input);
}

type Run = NonNullable<RunDetailQuery["run"]>;

export async function showRun({ client, hints }: Product, { id, json }: { id: string; json: boolean }): Promise<void> {
  const onMissing = (error: Error, at: string): void =>
    void process.stderr.write(`soma: ${at} is not shown: ${safe(error.message)}\n`);
  const { run } = await client.request(RunDetailDocument, { id }, { onMissing });
  if (run === null || run === undefined) throw noSuchRun(id, hints);
  if (json) return printJson(run);
  const outcome = describeOutcome(run.outcome);
  print(
    `run      ${run.id}\nsession  ${run.session.id}\nstatus   ${run.status}${outcome === "" ? "" : `, ${outcome}`}\nrole     ${run.role}\nmodel    ${run.modelProfile}`,
  );
  print(
    `started  ${run.startedAt ?? "not yet"}\nfinished ${run.finishedAt ?? "not yet"}\nrecovered ${run.recoveries} ${run.recoveries === 1 ? "time" : "times"} from a lost worker`,
  );
  const used = describeUsed(run.usage, run.session.usage);
  if (used !== undefined) print(`used     ${used}`);
  print(`trace    ${run.traceId}\n\n${safe(questionOf(run))}\n`);
  printTable(["STEP", "NODE", "STATUS", "TRY", "MS", "WHAT"], run.steps.nodes.map(toRow));
  const passedOver = run.steps.nodes.flatMap(({ number, answeredBy }) =>
    (answeredBy?.passedOver ?? []).map(({ profile, code, message }) => [
      String(number),
      profile,
      code,
      line(message, 120),
    ]),
  );
  if (passedOver.length > 0) {
    print("");
    printTable(["STEP", "NOT ANSWERED BY", "CODE", "WHY"], passedOver);
  }
  const memories = run.memories?.nodes ?? [];
  if (memories.length > 0) {
    print("");
    printTable(
      ["REMEMBERED", "BY", "WHAT"],
      memories.map((memory) => [memory.kind, memory.role, line(memory.content, 80)]),
    );
  }
  if (run.answer !== null && run.answer !== undefined) print(`\n${safe(run.answer)}`);
  if (run.error !== null && run.error !== undefined) print(`\n${run.error.code}: ${safe(run.error.message)}`);
}

/** The graph of a run as Mermaid draws it, with where the run stands. */
export async function drawRun({ client, hints }: Product, { id, json }: { id: string; json: boolean }): Promise<void> {
  const { run } = await client.request(RunPictureDocument, { id });
  if (run === null || run === undefined) throw noSuchRun(id, hints);
  if (run.picture === null || run.picture === undefined)
    throw new CliError(`the product that runs has no graph ${run.graph}@${run.graphVersion} any more`, {
      code: "NOT_FOUND",
    });
  if (json) return printJson(run.picture);
  print(safe(run.picture.mermaid));
}

export function noSuchRun(id: string, { soma }: Pick<Product["hints"], "soma">): CliError {
  return new CliError(`run ${id} does not exist; \`${soma} runs list\` shows those that do`, { code: "NOT_FOUND" });
}

function toRow(step: Run["steps"]["nodes"][number]): string[] {
  const error = step.error === null || step.error === undefined ? "" : ` (${step.error.message})`;
  return [
    String(step.number),
    step.nodeId,
    step.status,
    String(step.attempt),
    step.latencyMs === null || step.latencyMs === undefined ? "" : String(Math.round(step.latencyMs)),
    `${step.summary ?? ""}${error}`,
  ];
}

/** Events as they come, each verified against the one before; exits when the run ends. */
export async function watchRun(
  { client }: Product,
  { id, after, json }: { id: string; after: number; json: boolean },
): Promise<void> {
  if (!Number.isInteger(after) || after < 0)
    throw new CliError("--after must be a sequence number, 0 or more", { code: "BAD_INPUT", exitCode: EXIT.USAGE });
  let count = 0;
  let erased = 0;
  const troubles: ToolTroubles = { failed: [], denied: [], cut: 0 };
  // A chain can only be checked from its beginning, so earlier events are read too and not shown.
  for await (const event of client.runEvents({ runId: id, afterSeq: 0 })) {
    count += 1;
    if (isErased(event.payload)) erased += 1;
    noteTroubles(troubles, event);
    if (event.seq <= after) continue;
    if (json) print(toJson(event));
    else {
      const words = `${event.nodeId ?? ""} ${line(describeEvent(event), 100)}`.trim();
      print(`${String(event.seq).padStart(5)}  ${event.at}  ${event.type.padEnd(16)} ${safe(words)}`);
    }
  }
  const words = describeTroubles(troubles);
  const gone = erased === 0 ? "" : ` · ${erased} of them erased, verified by their digests`;
  if (!json) print(`\nfinished · all ${count} events verified${gone}${words === undefined ? "" : ` · ${safe(words)}`}`);
}

export async function cancelRun(
  { client }: Product,
  { id, reason, json }: { id: string; reason?: string; json: boolean },
): Promise<void> {
  const input = { ...about(id), ...(reason === undefined ? {} : { reason }) };
  const { cancelRun: payload } = await client.request(CancelRunDocument, { input });
  tell(payload, "is asked to stop", json);
}

export async function pauseRun({ client }: Product, { id, json }: { id: string; json: boolean }): Promise<void> {
  const { pauseRun: payload } = await client.request(PauseRunDocument, { input: about(id) });
  tell(payload, "is asked to rest after the step it is in", json);
}

export async function resumeRun({ client }: Product, { id, json }: { id: string; json: boolean }): Promise<void> {
  const { resumeRun: payload } = await client.request(ResumeRunDocument, { input: about(id) });
  tell(payload, "goes on", json);
}

export async function signalRun(
  { client }: Product,
  { id, name, payload, json }: { id: string; name: string; payload: string | undefined; json: boolean },
): Promise<void> {
  const input = { ...about(id), name, payload: payload === undefined ? null : parseJson(payload) };
  const { signalRun: sent } = await client.request(SignalRunDocument, { input });
  tell(sent, `has the signal ${name}`, json);
}

const about = (runId: string) => ({ runId, idempotencyKey: randomUUID() });

function tell({ run }: { run: RunSummaryFragment }, words: string, json: boolean): void {
  const said = isFinished(run.status) ? `had ended already: ${run.status}` : words;
  if (json) printJson(run);
  else print(`run ${run.id} ${said}`);
}

/** JSON that somebody typed. */
export function parseJson(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch (cause) {
    const message =
      cause instanceof InexactNumber
        ? cause.message
        : `the payload ${text.slice(0, 80)} is not JSON; a text needs its quotes, '"like this"'`;
    throw new CliError(message, { code: "BAD_INPUT", exitCode: EXIT.USAGE, cause });
  }
}
