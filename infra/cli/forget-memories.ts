import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import {
  EraseRunDocument,
  ForgetMemoryDocument,
  ForgottenDocument,
  type ForgottenFieldsFragment,
  ForgottenRunsDocument,
} from "@soma/graphql/operations";
import { CliError, EXIT } from "./cli-error.ts";
import type { Product } from "./find-product.ts";
import { print, printJson, safe } from "./print.ts";
import { answered } from "./run-history.ts";

export interface ForgetOptions {
  id: string | undefined;
  session?: string;
  subject?: string;
  reason: string;
  dryRun: boolean;
  withRuns: boolean;
  yes: boolean;
  key?: string;
  json: boolean;
}

const LOOK_MS = 500;
/** An order of some hundred thousand memories; it goes on without us. */
const LOOKS = 1_200;
const RUNS_AT_ONCE = 100;

/** Has memories forgotten, waits until they have gone, and erases the runs they came from where that is asked for. */
export async function forgetMemories(product: Product, options: ForgetOptions): Promise<void> {
  const { id, session, subject, reason, dryRun, yes, key, json } = options;
  if (!dryRun && !yes)
    throw new CliError("what is forgotten is gone for good; say --yes when that is meant, or --dry-run to count it", {
      code: "BAD_INPUT",
      exitCode: EXIT.USAGE,
    });
  const input = {
    memoryId: id ?? null,
    sessionId: session ?? null,
    subject: subject ?? null,
    ...{ reason, dryRun, idempotencyKey: key ?? randomUUID() },
  };
  const { forgetMemory: payload } = await product.client.request(ForgetMemoryDocument, { input });
  const { forgotten, memories, links } = answered(payload);
  if (forgotten == null) {
    if (json) return printJson({ memories, links });
    return print(`${memories} memories with ${links} links would go; nothing was changed`);
  }
  const receipt = await untilDone(product, forgotten);
  const runs = options.withRuns ? await eraseRuns(product, { receipt, reason }) : undefined;
  if (json) return printJson({ ...receipt, ...(runs === undefined ? {} : { runs }) });
  printReceipt(receipt);
  if (runs === undefined)
    return print("the runs they came from still have what was said; --with-runs, or `soma runs erase`, erases them");
  print(`${runs.erased.length} runs they came from are erased`);
  for (const { runId, why } of runs.left) print(`run ${runId} is not: ${safe(why)}`);
  if (runs.left.length > 0) process.exitCode = EXIT.FAILED;
}

export async function showForgotten({ client }: Product, { id, json }: { id: string; json: boolean }): Promise<void> {
  const { forgotten } = await client.request(ForgottenDocument, { id });
  if (forgotten == null)
    throw new CliError(`there is no order ${safe(id)} to forget`, { code: "NOT_FOUND", exitCode: EXIT.FAILED });
  if (json) return printJson(forgotten);
  printReceipt(forgotten);
}

function printReceipt(receipt: ForgottenFieldsFragment): void {
  const { id, scope, target, orderedBy, orderedAt, reason, doneAt, memories, links, calls, words } = receipt;
  print(`order ${id}: the memories of ${scope.toLowerCase()} ${safe(target)} are forgotten`);
  print(`as ${safe(orderedBy)} asked at ${orderedAt}: ${safe(reason)}`);
  print(`${memories} memories, ${links} links, ${words} words, and ${calls} keys that stood for them`);
  print(doneAt ? `done at ${doneAt}` : "it is not done yet, and goes on without you");
}

async function untilDone({ client }: Product, first: ForgottenFieldsFragment): Promise<ForgottenFieldsFragment> {
  let receipt = first;
  for (let look = 0; !receipt.doneAt && look < LOOKS; look += 1) {
    await wait(LOOK_MS);
    receipt = (await client.request(ForgottenDocument, { id: first.id })).forgotten ?? receipt;
  }
  return receipt;
}

interface ErasedRuns {
  erased: string[];
  left: { runId: string; why: string }[];
}

/** Each run by an order of its own, which is carried out whoever dies; one that cannot be erased keeps nothing of the others. */
async function eraseRuns(
  { client }: Product,
  { receipt, reason }: { receipt: ForgottenFieldsFragment; reason: string },
): Promise<ErasedRuns> {
  const runs: ErasedRuns = { erased: [], left: [] };
  let after: string | null = null;
  for (;;) {
    const page: string[] = (
      (await client.request(ForgottenRunsDocument, { id: receipt.id, after, limit: RUNS_AT_ONCE })).forgotten?.runs ??
      []
    ).map(({ id }) => id);
    for (const runId of page) {
      try {
        const idempotencyKey = `forget/${receipt.id}/${runId}`;
        answered((await client.request(EraseRunDocument, { input: { runId, reason, idempotencyKey } })).eraseRun);
        runs.erased.push(runId);
      } catch (error) {
        runs.left.push({ runId, why: error instanceof Error ? error.message : String(error) });
      }
    }
    after = page.at(-1) ?? null;
    if (page.length < RUNS_AT_ONCE) return runs;
  }
}
