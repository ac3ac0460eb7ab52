import { importJWK } from "jose";
import { ConfigError, reasonOf } from "../config.ts";
import { followFile } from "../follow-file.ts";
import type { Lifecycle } from "../lifecycle.ts";
import type { Log } from "../log.ts";
import { type KeyRing, parseKeys, type TimedKey } from "./key-ring.ts";
import { KEYS, type KeyConfig, type KeyName } from "./key-settings.ts";

/** What follows the file of keys, until it is closed. */
interface Following {
  log: Log;
  lifecycle: Pick<Lifecycle, "add">;
}

/** The keys of a setting, or of the file that stands in its place; throws when one of them is not of their use. */
export async function openKeys<N extends KeyName>(
  config: KeyConfig<N>,
  name: N,
  { log, lifecycle }: Following,
): Promise<KeyRing> {
  const { env, inFile, use } = KEYS[name];
  const keys: readonly TimedKey[] | undefined = config[name];
  if (keys !== undefined) {
    await checkKeys(keys, use).catch((error: unknown) => {
      throw new ConfigError([`${env}: its value ${reasonOf(error)}`]);
    });
    return () => keys;
  }
  const followed = await followFile({
    setting: inFile,
    file: config[`${name}File`],
    parse: async (value) => {
      const found = parseKeys(value);
      await checkKeys(found, use);
      return found;
    },
    log,
  });
  lifecycle.add(inFile, followed.close);
  return followed.current;
}

/** Whether they can be used: what a token would find out is found out here. */
async function checkKeys(keys: readonly TimedKey[], use: "sign" | "verify"): Promise<void> {
  for (const key of keys) {
    const isPrivate = "d" in key && typeof key.d === "string";
    if (isPrivate !== (use === "sign"))
      throw new Error(`has a ${isPrivate ? "private" : "public"} key where the other one of the pair is needed`);
    await importJWK(key, "EdDSA").catch((cause: unknown) => {
      throw new Error("has a key that cannot be used", { cause });
    });
  }
}
