import { exportJWK, generateKeyPair, type JWK } from "jose";
import type { Principal } from "../identity/principal.ts";

/** A principal with complete defaults: tenant acme, role assistant. */
export function aPrincipal(changes: Partial<Principal> = {}): Principal {
  return { tenant: "acme", subject: "user:ada", roles: ["assistant"], service: null, ...changes };
}

export interface TestKeys {
  privateKey: JWK;
  publicKey: JWK;
}

/** An Ed25519 key pair as JWKs. */
export async function createKeys(): Promise<TestKeys> {
  const pair = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  return { privateKey: await exportJWK(pair.privateKey), publicKey: await exportJWK(pair.publicKey) };
}
