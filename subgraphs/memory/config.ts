import { readSettings } from "@soma/shared/config";
import { commonSettings, outboxSettings } from "@soma/shared/subgraph-settings";

const memorySettings = { ...commonSettings("memory"), ...outboxSettings };

export function readMemoryConfig(env: Record<string, string | undefined>) {
  return readSettings(memorySettings, env);
}
