import type { ModelProfile, ModelsConf } from "@soma/conf/models";
import type { Env } from "./provider.ts";
import { readKey } from "./read-key.ts";

/** All that a client of a profile is made of; while it stays the same, so does the client. */
export function signatureOf({ profiles }: ModelsConf, name: string, env: Env): string {
  const profile: ModelProfile | undefined = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  return JSON.stringify([profile, profile && readKey(profile, env)]);
}
