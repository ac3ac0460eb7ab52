import { inboundTenantsSetting } from "@soma/shared/bus/inbound-tenants";
import { integer, json, readSettings, text, url } from "@soma/shared/config";
import { commonSettings, parseJwk } from "@soma/shared/subgraph-settings";
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
  ...callLimitSettings,
};

const runsSettings = {
  ...commonSettings("runs"),
  confDir: text({
    env: "SOMA_CONF_DIR",
    doc: "folder with roles.yaml and models.yaml; empty takes the shipped one",
    default: "",
  }),
  ...modelSettings,
};

const workerSettings = {
  workerDatabaseUrl: runsSettings.workerDatabaseUrl,
  schema: runsSettings.schema,
  confDir: runsSettings.confDir,
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
  internalSigningKey: json(parseJwk, {
    env: "SOMA_INTERNAL_SIGNING_KEY",
    doc: "private Ed25519 JWK of the internal tokens",
    secret: true,
  }),
  memoryUrl: url(["http:", "https:"], {
    env: "SOMA_SUBGRAPH_MEMORY_URL",
    doc: "GraphQL endpoint of the memory subgraph",
  }),
  policyUrl: url(["http:", "https:"], {
    env: "SOMA_SUBGRAPH_POLICY_URL",
    doc: "GraphQL endpoint of the policy subgraph",
  }),
  toolsUrl: url(["http:", "https:"], { env: "SOMA_SUBGRAPH_TOOLS_URL", doc: "GraphQL endpoint of the tools subgraph" }),
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
