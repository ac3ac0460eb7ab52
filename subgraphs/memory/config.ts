import { readSettings } from "@soma/shared/config";
import { commonSettings } from "@soma/shared/subgraph-settings";

const memorySettings = commonSettings("memory");

export function readMemoryConfig(env: Record<string, string | undefined>) {
  return readSettings(memorySettings, env);
}
