import { inboundTenantsSetting } from "@soma/shared/bus/inbound-tenants";
import { flag, integer, readSettings, text } from "@soma/shared/config";
import { keySettings } from "@soma/shared/identity/key-settings";
import { commonSettings, confDir, subgraphUrl } from "@soma/shared/subgraph-settings";
import { runLimitSettings } from "./engine/execute/run-limits.ts";
import { heartbeatSettings } from "./engine/worker/heartbeat.ts";
import { callLimitSettings } from "./models/call-limits.ts";
import { windowSetting } from "./models/window/windows.ts";

/** Which model is asked, and within which limits. */
const modelSettings = {
  modelProfile: text({
    env: "SOMA_MODEL_PROFILE",
    doc: "model profile of new runs; empty takes the default of models.yaml",
    default: "",
  }),
  realEmbeddings: flag({
    env: "ENABLE_REAL_EMBEDDINGS",
    doc: "whether vectors of texts have to be of a model; with true, those of the scripted model, which are of words alone, are refused",
    default: false,
  }),
  ...callLimitSettings,
};

const runsSettings = {
  ...commonSettings("runs"),
  confDir,
  ...modelSettings,
};

const workerSettings = {
  workerDatabaseUrl: runsSettings.workerDatabaseUrl,
  schema: runsSettings.schema,
  confDir,
  ...modelSettings,
  ...windowSetting,
  slots: integer({
    env: "SOMA_WORKER_SLOTS",
    doc: "runs one worker executes at a time; one place of sixteen is kept for tenants of which it runs nothing",
    default: 64,
    min: 1,
    max: 10_000,
  }),
  inboundTenants: inboundTenantsSetting,
  ...heartbeatSettings,
  ...runLimitSettings,
  ...keySettings("internalSigningKey"),
  memoryUrl: subgraphUrl("memory"),
  policyUrl: subgraphUrl("policy"),
  toolsUrl: subgraphUrl("tools"),
};

type Env = Record<string, string | undefined>;

/** For who chooses a model before anything of this package runs. */
export function readModelConfig(env: Env) {
  return readSettings(modelSettings, env);
}

export function readRunsConfig(env: Env) {
  return readSettings(runsSettings, env);
}

export function readWorkerConfig(env: Env) {
  return readSettings(workerSettings, env);
}
