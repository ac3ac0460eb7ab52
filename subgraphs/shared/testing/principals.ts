import type { Principal } from "../identity/principal.ts";
import { createKeyPair, type KeyPair } from "../identity/rotate-keys.ts";

/** A principal with complete defaults: tenant acme, role assistant. */
export function aPrincipal(changes: Partial<Principal> = {}): Principal {
  return { tenant: "acme", subject: "user:ada", roles: ["assistant"], service: null, ...changes };
}

export type TestKeys = KeyPair;

/** An Ed25519 key pair as JWKs. */
export function createKeys(): Promise<TestKeys> {
  return createKeyPair();
}
