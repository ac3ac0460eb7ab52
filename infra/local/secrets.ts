import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isRecord } from "@soma/schemas/json";
import { createKeyPair, type KeyPair } from "@soma/shared/identity/rotate-keys";
import { replaceFile } from "@soma/shared/replace-file";

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

const FILE = "secrets.json";

/**
 * The secrets of a data folder; made at its first use, readable by their owner alone. Never made anew where a database is:
 * its passwords and whatever was signed would be lost without a word. That there is one is told by a file of the folder.
 */
export async function loadSecrets(dataDir: string, ofDatabase = join("pg", "PG_VERSION")): Promise<Secrets> {
  const path = join(dataDir, FILE);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new Error(`${path} cannot be read: ${error.message}; start as the user it belongs to`, { cause: error });
  });
  const known = parseSecrets(text ?? "");
  if (known !== undefined) return known;
  if (existsSync(join(dataDir, ofDatabase)))
    throw new Error(
      `${path} is ${text === undefined ? "missing" : text.trim() === "" ? "empty" : "cut off or changed"}, and the database beside it opens with the passwords in it alone; put the file back from a backup, or move ${dataDir} away to start with an empty one`,
    );
  const secrets = await createSecrets();
  await replaceFile(path, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  return secrets;
}

async function createSecrets(): Promise<Secrets> {
  const password = (): string => randomBytes(24).toString("base64url");
  const [internal, decision, user] = await Promise.all([createKeyPair(), createKeyPair(), createKeyPair()]);
  return {
    postgres: { owner: password(), request: password(), worker: password() },
    internal,
    decision,
    user,
  };
}

/** The text of the file; undefined for anything else, such as one that was cut off. */
function parseSecrets(text: string): Secrets | undefined {
  const value = parseJson(text);
  if (!isRecord(value) || !isRecord(value.postgres)) return undefined;
  const { owner, request, worker } = value.postgres;
  const passwords = [owner, request, worker].every((password) => typeof password === "string" && password !== "");
  const pairs = [value.internal, value.decision, value.user].every(
    (pair) => isRecord(pair) && isRecord(pair.privateKey) && isRecord(pair.publicKey),
  );
  return passwords && pairs ? (value as unknown as Secrets) : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
