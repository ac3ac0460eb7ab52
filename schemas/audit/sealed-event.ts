import { canonicalJson, type JsonObject } from "../json.ts";

/** What of an audit event may be about a person, and can be erased: the leaf of the tree holds its salted digest. */
export interface AuditDetails {
  actor: string;
  subject: string;
  reason: string;
  meta: JsonObject;
}

/** An audit event at its place in the audit of its tenant, as the tree has it. */
export interface AuditLeaf {
  tenant: string;
  /** From 1 on, without gaps, in the order of sealing. */
  seq: number;
  eventId: string;
  category: string;
  decision: string;
  policyVersion: string | null;
  /** RFC 3339 with milliseconds, UTC. */
  at: string;
  traceId: string | null;
  detailsDigest: string;
}

/** A line of an export: the leaf, and what its digest is of. */
export interface SealedEvent extends AuditLeaf {
  /** 16 random bytes in hex: without them a digest of few possible details could be guessed. */
  salt: string;
  /** Null when they were erased. */
  details: AuditDetails | null;
}

/** The text that is a leaf of the tree. */
export function leafText(event: AuditLeaf): string {
  const { tenant, seq, eventId, category, decision, policyVersion, at, traceId, detailsDigest } = event;
  return canonicalJson({ tenant, seq, eventId, category, decision, policyVersion, at, traceId, detailsDigest });
}

/** The text whose SHA-256 is the `detailsDigest`. */
export function detailsText(salt: string, { actor, subject, reason, meta }: AuditDetails): string {
  return `${salt}\n${canonicalJson({ actor, subject, reason, meta })}`;
}

/** A seal over the next events of a tenant. It names the one before, so that one seal fixes all that went before it. */
export interface AuditSeal {
  tenant: string;
  /** From 1 on, without gaps. */
  number: number;
  /** The place of its first event. */
  firstSeq: number;
  size: number;
  /** The head of the tree over its events, hex. */
  head: string;
  /** SHA-256 of the text of the seal before, hex; zeros for the first. */
  previous: string;
  at: string;
  /** The name of the key that signed it, if it has one. */
  keyId: string | null;
}

export interface SignedSeal extends AuditSeal {
  /** Ed25519 over the text of the seal, base64url. */
  signature: string;
}

/** The `previous` of the first seal. */
export const NO_SEAL = "0".repeat(64);

/** The text that is signed and hashed. Its first line keeps it apart from everything else that the key signs. */
export function sealText(seal: AuditSeal): string {
  const { tenant, number, firstSeq, size, head, previous, at, keyId } = seal;
  return `soma-audit-seal 1\n${canonicalJson({ tenant, number, firstSeq, size, head, previous, at, keyId })}`;
}
