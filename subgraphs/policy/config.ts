import { integer, json, readSettings, text } from "@soma/shared/config";
import { commonSettings, parseJwk } from "@soma/shared/subgraph-settings";

export const policySettings = {
  ...commonSettings("policy"),
  decisionSigningKey: json(parseJwk, { env: "SOMA_DECISION_SIGNING_KEY", doc: "private Ed25519 JWK that signs decisions", secret: true }),
  decisionTtlS: integer({ env: "SOMA_DECISION_TTL_S", doc: "seconds a decision is good for at most", default: 300, min: 5, max: 3_600 }),
  bundleDir: text({ env: "SOMA_POLICY_BUNDLE_DIR", doc: "folder with tools.wasm; empty takes the shipped one", default: "" }),
  confDir: text({ env: "SOMA_CONF_DIR", doc: "folder with roles.yaml; empty takes the shipped one", default: "" }),
};

export function readPolicyConfig(env: Record<string, string | undefined>) {
  return readSettings(policySettings, env);
}
