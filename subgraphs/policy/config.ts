import { integer, json, readSettings, text } from "@soma/shared/config";
import { commonSettings, confDir, outboxSettings, parseJwk } from "@soma/shared/subgraph-settings";
import type { JWK } from "jose";

const policySettings = {
  ...commonSettings("policy"),
  ...outboxSettings,
  decisionSigningKey: json(parsePrivateJwk, {
    env: "SOMA_DECISION_SIGNING_KEY",
    doc: "private Ed25519 JWK that signs decisions",
    secret: true,
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

/** With a public key alone the service would start, and fail at the first call that is allowed. */
function parsePrivateJwk(value: unknown): JWK {
  const key = parseJwk(value);
  if (typeof key.d !== "string") throw new Error("is a public key; the private one is needed");
  return key;
}

export function readPolicyConfig(env: Record<string, string | undefined>) {
  return readSettings(policySettings, env);
}
