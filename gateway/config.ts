import { integer, json, readSettings, text, url } from "@soma/shared/config";
import { parseJwk } from "@soma/shared/subgraph-settings";

const subgraph = (name: string) =>
  url(["http:", "https:"], {
    env: `SOMA_SUBGRAPH_${name.toUpperCase()}_URL`,
    doc: `GraphQL endpoint of the ${name} subgraph`,
  });

export const gatewaySettings = {
  host: text({ env: "SOMA_BIND_HOST", doc: "address the gateway listens on", default: "127.0.0.1" }),
  port: integer({
    env: "SOMA_GATEWAY_PORT",
    doc: "port the gateway listens on; 0 takes a free one",
    default: 4_700,
    min: 0,
    max: 65_535,
  }),
  runsUrl: subgraph("runs"),
  memoryUrl: subgraph("memory"),
  policyUrl: subgraph("policy"),
  toolsUrl: subgraph("tools"),
  internalSigningKey: json(parseJwk, {
    env: "SOMA_INTERNAL_SIGNING_KEY",
    doc: "private Ed25519 JWK that signs who asks, for the subgraphs",
    secret: true,
  }),
  userVerifyKey: json(parseJwk, { env: "SOMA_USER_VERIFY_KEY", doc: "public Ed25519 JWK of the tokens callers bring" }),
  userSigningKey: json((value) => (value === null ? undefined : parseJwk(value)), {
    env: "SOMA_USER_SIGNING_KEY",
    doc: "private Ed25519 JWK; enables signing in by a link, for one machine only",
    default: undefined,
    secret: true,
  }),
  webuiDir: text({ env: "SOMA_WEBUI_DIR", doc: "folder of the built web UI; empty takes webui/dist", default: "" }),
};

export function readGatewayConfig(env: Record<string, string | undefined>) {
  return readSettings(gatewaySettings, env);
}
