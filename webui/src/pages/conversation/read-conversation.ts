import { RunCallsDocument, type RunSummaryFragment, SessionTurnsDocument } from "@soma/graphql/operations";
import type { Client } from "urql";
import { askOnce } from "../../graphql/ask-once.ts";
import type { ExportedConversation, ExportedTurn } from "./export-conversation.ts";

/** Reads all of a conversation, page by page, and the calls of each of its runs; throws what the API refuses. */
export async function readConversation(client: Client, id: string): Promise<Omit<ExportedConversation, "title">> {
  const runs: RunSummaryFragment[] = [];
  let page = await readPage(client, id, null);
  runs.push(...page.runs.nodes);
  while (page.runs.pageInfo.hasNextPage) {
    page = await readPage(client, id, page.runs.pageInfo.endCursor ?? null);
    runs.push(...page.runs.nodes);
  }
  const turns: ExportedTurn[] = [];
  for (const run of [...runs, ...page.earlierRuns].reverse()) turns.push(await readTurn(client, run));
  return { id, createdAt: page.createdAt, turns };
}

async function readPage(client: Client, id: string, after: string | null) {
  const { data, error } = await askOnce(client, SessionTurnsDocument, { id, after });
  if (data?.session) return data.session;
  throw error ?? new Error(`conversation ${id} is not there any more`);
}

/** The calls count that the tools service tells of, if it does. */
async function readTurn(client: Client, run: RunSummaryFragment): Promise<ExportedTurn> {
  const { data, error } = await askOnce(client, RunCallsDocument, { id: run.id });
  if (!data?.run) throw error ?? new Error(`run ${run.id} is not there any more`);
  const { invocations } = data.run;
  return { run, calls: invocations?.nodes ?? null, hasMoreCalls: invocations?.pageInfo.hasNextPage === true };
}
