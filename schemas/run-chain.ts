import { canonicalJson } from "./json.ts";

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

/**
 * Checks the next event against the head of the chain and returns the new head; throws ChainError when a sequence number
 * is missing, the payload does not fit its digest, or the hash does not follow from the one before.
 */
export async function verifyNext(
  runId: string,
  head: { seq: number; hash: string },
  event: ChainedEvent & { hash: string; payload: unknown },
  sha256: Sha256 = webSha256,
): Promise<{ seq: number; hash: string }> {
  if (event.seq !== head.seq + 1)
    throw new ChainError(`event ${head.seq + 1} is missing: the next one is ${event.seq}`, event.seq);
  if ((await sha256(payloadText(event.payload))) !== event.payloadHash)
    throw new ChainError(`the payload of event ${event.seq} does not match its digest`, event.seq);
  if ((await sha256(chainText(runId, head.hash, event))) !== event.hash)
    throw new ChainError(`event ${event.seq} does not match its predecessor`, event.seq);
  return { seq: event.seq, hash: event.hash };
}

export class ChainError extends Error {
  readonly seq: number;

  constructor(message: string, seq: number) {
    super(message);
    this.name = "ChainError";
    this.seq = seq;
  }
}
