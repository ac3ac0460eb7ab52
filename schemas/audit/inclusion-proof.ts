import { createHash, hash } from "node:crypto";
import type { CheckSeal } from "./check-seal.ts";
import { headByPath, leafHash } from "./merkle-tree.ts";
import { detailsText, leafText, type SealedEvent, type SignedSeal } from "./sealed-event.ts";

/** That a seal covers an event, without the other events that it covers. */
export interface InclusionProof {
  event: SealedEvent;
  seal: SignedSeal;
  /** RFC 6962: hex, lowest first. */
  path: string[];
}

/** Why a proof does not hold; undefined when it does. Who signed the seal is checked where `checkSeal` is given. */
export async function checkInclusion(
  { event, seal, path }: InclusionProof,
  checkSeal: CheckSeal | undefined,
): Promise<string | undefined> {
  if (event.tenant !== seal.tenant) return `its seal is of tenant ${seal.tenant}, and it is of ${event.tenant}`;
  const head = await headByPath(sha256, {
    leaf: await hashOfEvent(event),
    index: event.seq - seal.firstSeq,
    size: seal.size,
    path: path.map((hex) => Buffer.from(hex, "hex")),
  });
  if (head === undefined || Buffer.from(head).toString("hex") !== seal.head)
    return `seal ${seal.number} does not cover it as it is`;
  return checkSeal?.(seal) ?? faultOfDetails(event);
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

export function hashOfEvent(event: SealedEvent): Promise<Uint8Array> {
  return leafHash(sha256, leafText(event));
}

/** Why what an event says of actor, subject, reason and meta is not what was sealed. Nothing in this version erases it. */
export function faultOfDetails({ salt, details, detailsDigest }: SealedEvent): string | undefined {
  if (details === null) return "its actor, subject, reason and meta are not here";
  const isSame = hash("sha256", detailsText(salt, details), "hex") === detailsDigest;
  return isSame ? undefined : "its actor, subject, reason or meta is not what was sealed";
}
