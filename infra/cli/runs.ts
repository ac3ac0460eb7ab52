import { randomUUID } from "node:crypto";
import {
  CancelRunDocument,
  PauseRunDocument,
  ResumeRunDocument,
  RunPictureDocument,
  type RunSummaryFragment,
  SignalRunDocument,
} from "@soma/graphql/operations";
import { isFinished } from "@soma/graphql/run-status";
import { isErased } from "@soma/schemas/erased-payload";
import { InexactNumber, parseExactJson } from "@soma/schemas/exact-json";
import { CliError, EXIT } from "./cli-error.ts";
import { describeEvent } from "./describe-event.ts";
import type { Product } from "./find-product.ts";
import { line, print, printJson, safe, toJson } from "./print.ts";
import { describeTroubles, noteTroubles, type ToolTroubles } from "./tool-troubles.ts";

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
