import { ConfigError, integer, readSettings, text } from "@soma/shared/config";
import { keySettings } from "@soma/shared/identity/key-settings";
import { commonSettings, confDir, outboxSettings } from "@soma/shared/subgraph-settings";

const policySettings = {
  ...commonSettings("policy"),
  ...outboxSettings,
  ...keySettings("decisionSigningKey"),
  decisionTtlS: integer({
    env: "SOMA_DECISION_TTL_S",
    doc: "seconds a decision is good for at most",
    default: 300,
    min: 5,
    max: 3_600,
  }),
  bundleDir: text({
    env: "SOMA_POLICY_BUNDLE_DIR",
    doc: "folder with tools.wasm; empty takes the shipped one",
    default: "",
  }),
  confDir,
  watchToken: text({
    env: "SOMA_WATCH_TOKEN",
    doc: "token with which Falco brings its alerts, of 32 to 256 letters, digits, - and _; none takes no alerts",
    default: "",
    secret: true,
  }),
  watchTenant: text({
    env: "SOMA_WATCH_TENANT",
    doc: "tenant of those who run the installation, in whose audit alerts of Falco are kept",
    default: "",
  }),
};

export function readPolicyConfig(env: Record<string, string | undefined>) {
  const config = readSettings(policySettings, env);
  const lacks = whatTheWatchLacks(config);
  if (lacks.length > 0) throw new ConfigError(lacks);
  return config;
}

function whatTheWatchLacks({ watchToken, watchTenant }: { watchToken: string; watchTenant: string }): string[] {
  if (watchToken === "") return [];
  const isToken = /^[\w-]{32,256}$/.test(watchToken);
  const isTenant = /^[a-z0-9-]{1,40}$/.test(watchTenant);
  return [
    ...(isToken ? [] : ["SOMA_WATCH_TOKEN: its value is not 32 to 256 letters, digits, - and _"]),
    ...(isTenant ? [] : [`SOMA_WATCH_TENANT: "${watchTenant}" is not a tenant (1 to 40 of a-z, 0-9 and -)`]),
  ];
}
