import { integer, readSettings, text, url } from "@soma/shared/config";
import { commonSettings, outboxSettings } from "@soma/shared/subgraph-settings";

/** Of whoever brings memories to SomaBrain. */
const somaBrainSettings = {
  somaBrainUrl: url(["http:", "https:"], {
    env: "SOMA_BASE_URL",
    doc: "address of SomaBrain, to which memories are brought too; empty for none",
    default: "",
  }),
  somaBrainKey: text({
    env: "SOMA_API_KEY",
    doc: "what SomaBrain is told as bearer token; empty where it asks for none",
    default: "",
    secret: true,
  }),
};

const memorySettings = {
  ...commonSettings("memory"),
  ...outboxSettings,
  ...somaBrainSettings,
  recallDeadlineMs: integer({
    env: "SOMA_RECALL_DEADLINE_MS",
    doc: "milliseconds a recall waits for SomaBrain; then it is answered from Postgres alone",
    default: 800,
    min: 50,
    max: 10_000,
  }),
};

const { workerDatabaseUrl, schema } = memorySettings;

export function readMemoryConfig(env: Record<string, string | undefined>) {
  return readSettings(memorySettings, env);
}

/** Of the process that publishes and does nothing else. */
export function readOutboxSyncConfig(env: Record<string, string | undefined>) {
  return readSettings({ workerDatabaseUrl, schema, ...somaBrainSettings }, env);
}
