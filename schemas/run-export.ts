import { isRecord, type Json } from "./json.ts";
import { CHAIN_START, ChainError, type ChainHead, type VerifiableEvent, verifyNext, webSha256 } from "./run-chain.ts";

/**
 * A run's history as a file: lines of canonical JSON (RFC 8785), the first one this head, then its events from 1 on. Two exports
 * of the same events are the same bytes; nothing else is needed to verify them.
 */
export interface ExportHead {
  format: typeof EXPORT_FORMAT;
  runId: string;
  graph: string;
  graphVersion: number;
  /** Number of the last event in the file: one that was cut off is noticed. */
  lastSeq: number;
  /** SHA-256 of the canonical JSON of the agent's state with that event, as the product folded it; null when it did not. */
  stateHash: string | null;
}

export const EXPORT_FORMAT = "soma.run-history.v1";

/** An event of an export: what the API gives of it. */
export interface ExportedEvent extends VerifiableEvent {
  runId: string;
  stepNumber: number | null;
  nodeType: string | null;
  payload: Json;
}

/** What an export holds, once it was found whole and unchanged. */
export interface VerifiedExport {
  head: ExportHead;
  events: ExportedEvent[];
  hash: string;
  /** Events whose payload had been erased when it was made. */
  erased: number;
}

/** Reads an export and verifies its chain; throws ChainError at the first event that does not fit, and TypeError for what is no export. */
export async function verifyExport(text: string): Promise<VerifiedExport> {
  const [first = "", ...lines] = text.split("\n").filter((line) => line !== "");
  const head = toHead(parseLine(first, 1));
  let last: ChainHead = { seq: 0, hash: CHAIN_START };
  const events: ExportedEvent[] = [];
  for (const [at, line] of lines.entries()) {
    const event = toEvent(parseLine(line, at + 2), at + 2);
    last = await verifyNext(head.runId, last, event, webSha256);
    events.push(event);
  }
  if (last.seq !== head.lastSeq)
    throw new ChainError(`the export ends with event ${last.seq}, and ${head.lastSeq} is its last`, last.seq);
  return { head, events, hash: last.hash, erased: last.erased ?? 0 };
}

function parseLine(line: string, number: number): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    if (isRecord(value)) return value;
  } catch {
    // told below, like JSON that is no object
  }
  throw new TypeError(`line ${number} is not a JSON object`);
}

function toHead(value: Readonly<Record<string, unknown>>): ExportHead {
  const { format, runId, graph, graphVersion, lastSeq, stateHash } = value;
  if (format !== EXPORT_FORMAT)
    throw new TypeError(`line 1 is not the head of an export: its format is not ${EXPORT_FORMAT}`);
  if (typeof runId !== "string" || typeof graph !== "string" || !isCount(graphVersion) || !isCount(lastSeq))
    throw new TypeError("line 1 does not say of which run, graph and event the export is");
  return { format, runId, graph, graphVersion, lastSeq, stateHash: typeof stateHash === "string" ? stateHash : null };
}

function toEvent(value: Readonly<Record<string, unknown>>, number: number): ExportedEvent {
  const { runId, seq, at, type, hash, payloadHash } = value;
  const texts = [runId, at, type, hash, payloadHash];
  if (!isCount(seq) || texts.some((text) => typeof text !== "string"))
    throw new TypeError(`line ${number} is not an event of a run's history`);
  return value as unknown as ExportedEvent;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}
