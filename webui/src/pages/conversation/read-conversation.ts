import {
  RunCallsDocument,
  type RunSummaryFragment,
  SessionTurnsDocument,
  type TypedDocumentString,
} from "@soma/graphql/operations";
import type { AnyVariables, Client, OperationResult } from "urql";
import { askOnce } from "../../graphql/ask-once.ts";
import type { ExportedConversation, ExportedTurn } from "./export-conversation.ts";

/** Asks for one document. */
type Ask = <Result, Variables extends AnyVariables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
) => Promise<OperationResult<Result, Variables>>;

/**
 * Reads all of a conversation, page by page, and the calls of each of its runs; throws what the API refuses, and asks nothing
 * more once it is aborted.
 */
export async function readConversation(
  client: Client,
  id: string,
  signal: AbortSignal,
): Promise<Omit<ExportedConversation, "title">> {
  const ask: Ask = (document, variables) => {
    signal.throwIfAborted();
    return askOnce(client, document, variables);
  };
  const runs: RunSummaryFragment[] = [];
  let page = await readPage(ask, id, null);
  runs.push(...page.runs.nodes);
  while (page.runs.pageInfo.hasNextPage) {
    page = await readPage(ask, id, page.runs.pageInfo.endCursor ?? null);
    runs.push(...page.runs.nodes);
  }
  const turns: ExportedTurn[] = [];
  for (const run of [...runs, ...page.earlierRuns].reverse()) turns.push(await readTurn(ask, run));
  return { id, createdAt: page.createdAt, turns };
}

async function readPage(ask: Ask, id: string, after: string | null) {
  const { data, error } = await ask(SessionTurnsDocument, { id, after });
  if (data?.session) return data.session;
  throw error ?? new Error(`conversation ${id} is not there any more`);
}

/** The calls count that the tools service tells of, if it does. */
async function readTurn(ask: Ask, run: RunSummaryFragment): Promise<ExportedTurn> {
  const { data, error } = await ask(RunCallsDocument, { id: run.id });
  if (!data?.run) throw error ?? new Error(`run ${run.id} is not there any more`);
  const { invocations } = data.run;
  return { run, calls: invocations?.nodes ?? null, hasMoreCalls: invocations?.pageInfo.hasNextPage === true };
}
