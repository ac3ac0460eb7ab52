import { importJWK } from "jose";
import { ConfigError, reasonOf } from "../config.ts";
import { followFile } from "../follow-file.ts";
import type { Lifecycle } from "../lifecycle.ts";
import type { Log } from "../log.ts";
import { type KeyRing, parseKeys, type TimedKey } from "./key-ring.ts";
import { KEYS, type KeyConfig, type KeyName } from "./key-settings.ts";

/** What follows a file, until it is closed. */
export interface Following {
  log: Log;
  lifecycle: Pick<Lifecycle, "add">;
}

/** The keys of a setting, or of the file that stands in its place; throws when one of them cannot be used. */
export async function openKeys<N extends KeyName>(
  config: KeyConfig<N>,
  name: N,
  { log, lifecycle }: Following,
): Promise<KeyRing> {
  const { env, inFile, use } = KEYS[name];
  const keys: readonly TimedKey[] | undefined = config[name];
  if (keys !== undefined) {
    await checkKeys(keys).catch((error: unknown) => {
      throw new ConfigError([`${env}: its value ${reasonOf(error)}`]);
    });
    return () => keys;
  }
  const parse = (value: unknown): Promise<readonly TimedKey[]> => checkKeys(parseKeys(value, use));
  const followed = await followFile({ setting: inFile, file: config[`${name}File`], parse, log });
  lifecycle.add(inFile, followed.close);
  return followed.current;
}

/** Keys that the runtime takes: what a token would find out is found out here. */
async function checkKeys(keys: readonly TimedKey[]): Promise<readonly TimedKey[]> {
  for (const key of keys)
    await importJWK(key, "EdDSA").catch((cause: unknown) => {
      throw new Error("has a key that cannot be used", { cause });
    });
  return keys;
}
