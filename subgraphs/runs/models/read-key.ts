import { readFileSync } from "node:fs";
import type { ModelProfile } from "@soma/conf/models";
import type { Env } from "./provider.ts";

/** A key, and where it was found; or why it was not, in words that follow the profile's name. */
export interface FoundKey {
  apiKey?: string;
  from?: string;
  fault?: string;
}

/** The key that a profile refers to; nothing when it refers to none. */
export function readKey({ apiKeyEnv, apiKeyFile }: Pick<ModelProfile, "apiKeyEnv" | "apiKeyFile">, env: Env): FoundKey {
  if (apiKeyEnv !== undefined) {
    const apiKey = env[apiKeyEnv]?.trim() ?? "";
    return apiKey === "" ? { fault: `${apiKeyEnv} is not set` } : { apiKey, from: apiKeyEnv };
  }
  if (apiKeyFile === undefined) return {};
  try {
    const apiKey = readFileSync(apiKeyFile, "utf8").trim();
    return apiKey === "" ? { fault: `${apiKeyFile} is empty` } : { apiKey, from: `the key in ${apiKeyFile}` };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    return { fault: `its key cannot be read from ${apiKeyFile} (${code})` };
  }
}
