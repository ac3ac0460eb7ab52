import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exportJWK, generateKeyPair, type JWK } from "jose";

interface KeyPair {
  privateKey: JWK;
  publicKey: JWK;
}

/** Keys and passwords of one installation on one machine. */
export interface Secrets {
  postgres: { owner: string; request: string; worker: string };
  /** Signs who asks, between our own processes. */
  internal: KeyPair;
  /** Signs decisions of the policy. */
  decision: KeyPair;
  /** Signs the tokens people and programs sign in with. */
  user: KeyPair;
}

/** The secrets of a data folder; made at its first use, readable by their owner alone. */
export async function loadSecrets(dataDir: string): Promise<Secrets> {
  const path = join(dataDir, "secrets.json");
  const known = await readFile(path, "utf8").catch(() => undefined);
  if (known !== undefined) return JSON.parse(known) as Secrets;
  const password = (): string => randomBytes(24).toString("base64url");
  const [internal, decision, user] = await Promise.all([createKeyPair(), createKeyPair(), createKeyPair()]);
  const secrets: Secrets = {
    postgres: { owner: password(), request: password(), worker: password() },
    internal,
    decision,
    user,
  };
  await writeFile(path, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flag: "wx" });
  return secrets;
}

async function createKeyPair(): Promise<KeyPair> {
  const pair = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  return { privateKey: await exportJWK(pair.privateKey), publicKey: await exportJWK(pair.publicKey) };
}
