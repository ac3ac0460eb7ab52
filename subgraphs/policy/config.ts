import { integer, readSettings, text } from "@soma/shared/config";
import { commonSettings, confDir, keys, outboxSettings } from "@soma/shared/subgraph-settings";

const policySettings = {
  ...commonSettings("policy"),
  ...outboxSettings,
  decisionSigningKey: keys({
    env: "SOMA_DECISION_SIGNING_KEY",
    doc: "private Ed25519 JWK that signs decisions, or a set of them",
    secret: true,
    inFile: true,
  }),
  decisionSigningKeyFile: text({
    env: "SOMA_DECISION_SIGNING_KEY_FILE",
    doc: "file that holds the same in place of SOMA_DECISION_SIGNING_KEY, and is followed",
    default: "",
  }),
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
