import { isErased } from "./erased-payload.ts";
import { canonicalJson } from "./json.ts";
import { payloadOf } from "./run-history.ts";

/**
 * The hash chain over a run's history, in one place, so that the engine, the CLI, the client and the UI mean the same by
 * "verified". An event's hash covers the hash before it, its metadata and the digest of its payload, not the payload, so
 * that a redacted or expired payload still leaves a chain that can be checked. How to hash is given by the caller: the
 * engine hashes synchronously, a browser with WebCrypto.
 */
export interface ChainedEvent {
  seq: number;
  /** RFC 3339 with milliseconds, UTC. */
  at: string;
  type: string;
  stepId: string | null;
  nodeId: string | null;
  attempt: number | null;
  payloadHash: string;
}

/** The "previous hash" of the first event. */
export const CHAIN_START = "0".repeat(64);

/** The text whose SHA-256 is the event's `payloadHash`. */
export function payloadText(payload: unknown): string {
  return canonicalJson(payload);
}

/** The text whose SHA-256 is the event's `hash`. */
export function chainText(runId: string, prevHash: string, event: ChainedEvent): string {
  const { seq, at, type, stepId, nodeId, attempt, payloadHash } = event;
  return canonicalJson([runId, prevHash, seq, at, type, stepId, nodeId, attempt, payloadHash]);
}

export type Sha256 = (text: string) => Promise<string>;

export const webSha256: Sha256 = async (text) => {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
};

/** How far a history is verified. */
export interface ChainHead {
  seq: number;
  hash: string;
  /** The run that wrote that event; left out where checking begins. */
  runId?: string;
  /** Events so far whose payload was erased: their digest is verified, and what it was of is gone. Left out for none. */
  erased?: number;
}

/** An event as it is checked: `runId` is the run that wrote it, left out when that is the run whose history is read. */
export type VerifiableEvent = ChainedEvent & { hash: string; payload: unknown; runId?: string };

/**
 * Checks the next event of a run's history against the head of the chain and returns the new head; throws ChainError when
 * a sequence number is missing, the payload does not fit its digest, the hash does not follow from the one before, or the
 * event is another run's and no fork leads there. A payload that was erased is taken by its digest, and counted.
 */
export async function verifyNext(
  runId: string,
  head: ChainHead,
  event: VerifiableEvent,
  sha256: Sha256 = webSha256,
): Promise<ChainHead> {
  const writer = event.runId ?? runId;
  if (event.seq !== head.seq + 1)
    throw new ChainError(`event ${head.seq + 1} is missing: the next one is ${event.seq}`, event.seq);
  const erased = isErased(event.payload);
  if (erased && event.type === "RUN_ROLLED_BACK")
    throw new ChainError(
      `event ${event.seq} is a rollback, which is never erased, and its payload is missing`,
      event.seq,
    );
  if (!erased && (await sha256(payloadText(event.payload))) !== event.payloadHash)
    throw new ChainError(`the payload of event ${event.seq} does not match its digest`, event.seq);
  if ((await sha256(chainText(writer, head.hash, event))) !== event.hash)
    throw new ChainError(`event ${event.seq} does not match its predecessor`, event.seq);
  checkWriter(head, event, writer);
  const count = (head.erased ?? 0) + (erased ? 1 : 0);
  return { seq: event.seq, hash: event.hash, runId: writer, ...(count === 0 ? {} : { erased: count }) };
}

/** One run writes on after another only from where it was forked. */
function checkWriter(head: ChainHead, event: VerifiableEvent, writer: string): void {
  // Of a fork that was erased, the hash alone says which event it goes on from.
  if (event.type === "RUN_FORKED" && isErased(event.payload)) return;
  if (event.type === "RUN_FORKED") {
    const { fromRunId, fromSeq, fromHash } = payloadOf("RUN_FORKED", event.payload);
    if (fromSeq !== head.seq || fromHash !== head.hash || fromRunId !== (head.runId ?? fromRunId))
      throw new ChainError(`event ${event.seq} says it was forked from another event than ${head.seq}`, event.seq);
  } else if (writer !== (head.runId ?? writer))
    throw new ChainError(`event ${event.seq} is one of run ${writer}, and no fork leads there`, event.seq);
}

export class ChainError extends Error {
  readonly seq: number;

  constructor(message: string, seq: number) {
    super(message);
    this.name = "ChainError";
    this.seq = seq;
  }
}
