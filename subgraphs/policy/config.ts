import { integer, readSettings, text } from "@soma/shared/config";
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
};

export function readPolicyConfig(env: Record<string, string | undefined>) {
  return readSettings(policySettings, env);
}
