import { createPublicKey, hash, type JsonWebKey, type KeyObject, verify } from "node:crypto";
import { isRecord } from "../json.ts";
import { type AuditSeal, type SignedSeal, sealText } from "./sealed-event.ts";

/** Why a seal is not signed by one of the keys; undefined when it is. */
export type CheckSeal = (seal: SignedSeal) => string | undefined;

interface SealKey {
  id: unknown;
  key: KeyObject;
}

/** Checks seals by a public key as a JWK, or by a set of them; throws TypeError for what is neither. */
export function createSealCheck(value: unknown): CheckSeal {
  const listed: unknown = isRecord(value) ? (value.keys ?? [value]) : undefined;
  if (!Array.isArray(listed) || listed.length === 0) throw new TypeError(NO_KEY);
  const keys = listed.map(toKey);
  return (seal) => {
    const named = keys.filter(({ id }) => id === undefined || seal.keyId === null || id === seal.keyId);
    if (named.length === 0) return `it is signed with key ${seal.keyId}, which is not among the keys that were given`;
    const text = Buffer.from(sealText(seal));
    const signature = Buffer.from(seal.signature, "base64url");
    const isSigned =
      signature.toString("base64url") === seal.signature && named.some(({ key }) => verify(null, text, key, signature));
    return isSigned ? undefined : "its signature is not one of it by the keys that were given";
  };
}

const NO_KEY = "an Ed25519 key is needed, as a JWK, or a set of them";

function toKey(value: unknown): SealKey {
  if (!isRecord(value) || value.crv !== "Ed25519")
    throw new TypeError(NO_KEY);
  return { id: value.kid, key: createPublicKey({ key: value as JsonWebKey, format: "jwk" }) };
}

/** What the seal after names as `previous`, and what is to be kept elsewhere. */
export function sealDigest(seal: AuditSeal): string {
  return hash("sha256", sealText(seal), "hex");
}
