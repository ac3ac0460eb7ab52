import { RunEventsPageDocument, RunToExportDocument } from "@soma/graphql/operations";
import { canonicalJson } from "@soma/schemas/json";
import { CHAIN_START, type ChainHead, verifyNext, webSha256 } from "@soma/schemas/run-chain";
import { EXPORT_FORMAT, type ExportHead } from "@soma/schemas/run-export";
import type { Client } from "urql";
import { askOnce } from "../../graphql/ask-once.ts";
import type { LogEvent } from "../../run-log/view.ts";

const PAGE = 1_000;

export interface RunExport {
  /** Each with its end. */
  lines: readonly string[];
  /** Whether it has the digest of the state: without the graph of the run nobody can tell that. */
  hasState: boolean;
}

/**
 * A run's history as `soma runs export` prints it, read and verified page by page; throws what the API refuses, and asks
 * nothing more once it is aborted.
 */
export async function readExport(client: Client, runId: string, signal: AbortSignal): Promise<RunExport> {
  const { data, error } = await askOnce(client, RunToExportDocument, { id: runId }, signal);
  if (!data?.run) throw error ?? new Error(`run ${runId} is not there any more`);
  const { graph, graphVersion, headSeq, stateAt } = data.run;
  const lastSeq = stateAt?.seq ?? headSeq;
  const stateHash = stateAt ? await webSha256(canonicalJson(stateAt.state)) : null;
  const head: ExportHead = { format: EXPORT_FORMAT, runId, graph, graphVersion, lastSeq, stateHash };
  const events = await readEvents(client, { runId, lastSeq }, signal);
  return { lines: [head, ...events].map((each) => `${canonicalJson(each)}\n`), hasState: stateHash !== null };
}

interface History {
  runId: string;
  lastSeq: number;
}

async function readEvents(client: Client, { runId, lastSeq }: History, signal: AbortSignal): Promise<LogEvent[]> {
  const events: LogEvent[] = [];
  let last: ChainHead = { seq: 0, hash: CHAIN_START };
  while (last.seq < lastSeq) {
    const limit = Math.min(PAGE, lastSeq - last.seq);
    const asked = { runId, afterSeq: last.seq, limit };
    const { data, error } = await askOnce(client, RunEventsPageDocument, asked, signal);
    const page = data?.runEventsPage?.events.map(toEvent) ?? [];
    if (page.length === 0)
      throw error ?? new Error(`the history ends with event ${last.seq}, and ${lastSeq} is its last`);
    for (const event of page) last = await verifyNext(runId, last, event);
    events.push(...page);
  }
  return events;
}

// Field by field: what the client of the page adds to answers for itself is no part of a history.
function toEvent({ runId, seq, at, type, stepId, stepNumber, nodeId, nodeType, attempt, ...rest }: LogEvent) {
  const { payload, payloadHash, hash } = rest;
  const step = { stepId: stepId ?? null, stepNumber: stepNumber ?? null, nodeId: nodeId ?? null };
  return {
    runId,
    seq,
    at,
    type,
    ...step,
    nodeType: nodeType ?? null,
    attempt: attempt ?? null,
    payload,
    payloadHash,
    hash,
  };
}
