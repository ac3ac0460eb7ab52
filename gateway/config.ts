import { integer, json, readSettings, type Setting, text, url } from "@soma/shared/config";
import { parseJwk } from "@soma/shared/subgraph-settings";

const gatewaySettings = {
  host: text({ env: "SOMA_BIND_HOST", doc: "address the gateway listens on", default: "127.0.0.1" }),
  port: integer({
    env: "SOMA_GATEWAY_PORT",
    doc: "port the gateway listens on; 0 takes a free one",
    default: 4_700,
    min: 0,
    max: 65_535,
  }),
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

/** A key that no setting of the gateway itself can have, whatever a subgraph is called. */
type UrlKey = `url of ${string}`;

/** The settings of a gateway in front of these subgraphs: each of them must have a URL. */
export function readGatewayConfig(env: Record<string, string | undefined>, subgraphs: readonly string[]) {
  const urlSettings: Record<UrlKey, Setting<string>> = Object.fromEntries(
    subgraphs.map((name): [UrlKey, Setting<string>] => [`url of ${name}`, subgraphUrl(name)]),
  );
  const settings: Record<UrlKey, Setting<string>> & typeof gatewaySettings = { ...urlSettings, ...gatewaySettings };
  const config = readSettings(settings, env);
  const urls = Object.fromEntries(subgraphs.map((name) => [name, config[`url of ${name}`] as string]));
  return Object.freeze({ ...config, urls });
}

function subgraphUrl(name: string): Setting<string> {
  return url(["http:", "https:"], {
    env: `SOMA_SUBGRAPH_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}_URL`,
    doc: `GraphQL endpoint of the ${name} subgraph`,
  });
}
