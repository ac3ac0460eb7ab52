import { RunCallsDocument, type RunSummaryFragment, SessionTurnsDocument } from "@soma/graphql/operations";
import type { Client } from "urql";
import { askOnce } from "../../graphql/ask-once.ts";
import type { ExportedConversation, ExportedTurn } from "./export-conversation.ts";

/**
 * Reads all of a conversation, page by page, and the calls of each of its runs; throws what the API refuses, and asks nothing
 * more once it is aborted.
 */
export async function readConversation(
  client: Client,
  id: string,
  signal: AbortSignal,
): Promise<Omit<ExportedConversation, "title">> {
  const runs: RunSummaryFragment[] = [];
  let page = await readPage(client, { id, after: null }, signal);
  runs.push(...page.runs.nodes);
  while (page.runs.pageInfo.hasNextPage) {
    page = await readPage(client, { id, after: page.runs.pageInfo.endCursor ?? null }, signal);
    runs.push(...page.runs.nodes);
  }
  const turns: ExportedTurn[] = [];
  for (const run of [...runs, ...page.earlierRuns].reverse()) turns.push(await readTurn(client, run, signal));
  return { id, createdAt: page.createdAt, turns };
}

async function readPage(client: Client, of: { id: string; after: string | null }, signal: AbortSignal) {
  const { data, error } = await askOnce(client, SessionTurnsDocument, of, signal);
  if (data?.session) return data.session;
  throw error ?? new Error(`conversation ${of.id} is not there any more`);
}

/** The calls count that the tools service tells of, if it does. */
async function readTurn(client: Client, run: RunSummaryFragment, signal: AbortSignal): Promise<ExportedTurn> {
  const { data, error } = await askOnce(client, RunCallsDocument, { id: run.id }, signal);
  if (!data?.run) throw error ?? new Error(`run ${run.id} is not there any more`);
  const { invocations } = data.run;
  return { run, calls: invocations?.nodes ?? null, hasMoreCalls: invocations?.pageInfo.hasNextPage === true };
}
