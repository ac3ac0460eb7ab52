import { readSettings } from "@soma/shared/config";
import { commonSettings, outboxSettings } from "@soma/shared/subgraph-settings";

const memorySettings = { ...commonSettings("memory"), ...outboxSettings };

const { workerDatabaseUrl, schema } = memorySettings;

export function readMemoryConfig(env: Record<string, string | undefined>) {
  return readSettings(memorySettings, env);
}

/** Of the process that publishes and does nothing else. */
export function readOutboxSyncConfig(env: Record<string, string | undefined>) {
  return readSettings({ workerDatabaseUrl, schema }, env);
}
