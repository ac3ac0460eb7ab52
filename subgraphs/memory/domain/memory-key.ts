import { hash } from "node:crypto";
import { SomaError } from "@soma/shared/errors";

/** What a memory's idempotency key is made of; each part is also a column of the stored row. */
interface KeyParts {
  tenant: string;
  namespace: string;
  sessionId: string;
  /** Lower case. */
  role: string;
  /** RFC 3339 with milliseconds, UTC. */
  at: string;
  content: string;
}

const NAMESPACE = /^[a-z0-9-]{1,40}$/;

/** Throws BAD_INPUT unless the namespace can be a part of a key. */
export function checkNamespace(namespace: string): void {
  if (!NAMESPACE.test(namespace))
    throw new SomaError("BAD_INPUT", `namespace "${namespace.slice(0, 80)}" is not 1 to 40 of a-z, 0-9 and -`);
}

/** tenant/namespace/session/role/time/hash16; hash16 begins the SHA-256 of the canonical JSON of the content. */
export function memoryKey(parts: KeyParts): string {
  checkNamespace(parts.namespace);
  return [parts.tenant, parts.namespace, parts.sessionId, parts.role, parts.at, contentHash(parts.content)].join("/");
}

/** The first 16 hex digits of the content's SHA-256. A string's canonical JSON is its JSON text. */
function contentHash(content: string): string {
  return hash("sha256", JSON.stringify(content), "hex").slice(0, 16);
}

/** The key as it is stored: with a suffix when other content had the same one. */
export function withSuffix(base: string, suffix: string | null): string {
  return suffix === null ? base : `${base}~${suffix}`;
}
