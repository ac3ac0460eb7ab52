import { importJWK } from "jose";
import { followFile } from "../follow-file.ts";
import type { Lifecycle } from "../lifecycle.ts";
import type { Log } from "../log.ts";
import { type KeyRing, parseKeys, type TimedKey } from "./key-ring.ts";

/** What follows the file of keys, until it is closed. */
interface Following {
  log: Log;
  lifecycle: Pick<Lifecycle, "add">;
}

interface OpenKeysParams extends Following {
  /** The setting that holds the keys; with _FILE behind it, the one that names their file. */
  setting: string;
  /** What they are for: signing takes private keys, verifying public ones. */
  use: "sign" | "verify";
  keys: readonly TimedKey[] | undefined;
  /** Where they stand, when they are not given themselves. */
  file: string;
}

/** The keys of a setting, or of the file that stands in its place; throws when one of them is not of this use. */
export async function openKeys({ setting, use, keys, file, log, lifecycle }: OpenKeysParams): Promise<KeyRing> {
  if (keys !== undefined) {
    const checked = await toChecked(keys, use).catch((error: unknown) => {
      throw new Error(`${setting}: ${reasonOf(error)}`, { cause: error });
    });
    return () => checked;
  }
  const parse = async (text: string): Promise<readonly TimedKey[]> => toChecked(parseKeys(toJson(text)), use);
  const followed = await followFile({ what: setting, file, parse, log }).catch((error: unknown) => {
    throw new Error(`${setting}_FILE: "${file}" cannot be taken: ${reasonOf(error)}`, { cause: error });
  });
  lifecycle.add(`file of ${setting}`, followed.close);
  return followed.current;
}

interface InternalVerifyKeys {
  internalVerifyKey: readonly TimedKey[] | undefined;
  internalVerifyKeyFile: string;
}

/** The keys of who may say who asks. */
export function openInternalVerifyKeys(config: InternalVerifyKeys, following: Following): Promise<KeyRing> {
  const { internalVerifyKey: keys, internalVerifyKeyFile: file } = config;
  return openKeys({ setting: "SOMA_INTERNAL_VERIFY_KEY", use: "verify", keys, file, ...following });
}

interface InternalSigningKeys {
  internalSigningKey: readonly TimedKey[] | undefined;
  internalSigningKeyFile: string;
}

/** The keys by which a process says who asks. */
export function openInternalSigningKeys(config: InternalSigningKeys, following: Following): Promise<KeyRing> {
  const { internalSigningKey: keys, internalSigningKeyFile: file } = config;
  return openKeys({ setting: "SOMA_INTERNAL_SIGNING_KEY", use: "sign", keys, file, ...following });
}

/** Keys that can be used: what a token would find out is found out here. */
async function toChecked(keys: readonly TimedKey[], use: OpenKeysParams["use"]): Promise<readonly TimedKey[]> {
  for (const key of keys) {
    const isPrivate = "d" in key && typeof key.d === "string";
    if (isPrivate !== (use === "sign"))
      throw new Error(`it holds a ${isPrivate ? "private" : "public"} key where the other one of the pair is needed`);
    await importJWK(key, "EdDSA").catch((cause: unknown) => {
      throw new Error("it holds a key that cannot be used", { cause });
    });
  }
  return keys;
}

/** What JSON.parse would say quotes the text, which may be a private key. */
function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("it is not JSON");
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
