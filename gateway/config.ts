import { ConfigError, integer, list, oneOf, readSettings, type Setting, text, url } from "@soma/shared/config";
import { keySettings } from "@soma/shared/identity/key-settings";
import { bindHost, subgraphUrl } from "@soma/shared/subgraph-settings";
import { identitySettings, whatIdentityLacks } from "./identity-settings.ts";

const gatewaySettings = {
  host: bindHost,
  port: integer({
    env: "SOMA_GATEWAY_PORT",
    doc: "port the gateway listens on; 0 takes a free one",
    default: 4_700,
    min: 0,
    max: 65_535,
  }),
  ...keySettings("internalSigningKey"),
  ...identitySettings,
  introspection: oneOf(["on", "off"], {
    env: "SOMA_GATEWAY_INTROSPECTION",
    doc: "whether callers may ask for the schema: on or off",
    default: "on",
  }),
  documents: oneOf(["any", "registered"], {
    env: "SOMA_GATEWAY_DOCUMENTS",
    doc: "which documents are executed: any, or registered ones only: those of our own clients and of SOMA_GATEWAY_DOCUMENTS_FILE",
    default: "any",
  }),
  documentsFile: text({
    env: "SOMA_GATEWAY_DOCUMENTS_FILE",
    doc: "JSON file of registered documents, an object of texts by id; clients send the id as documentId or as the hash of a persisted query",
    default: "",
  }),
  redisUrl: redisUrl({
    env: "SOMA_GATEWAY_REDIS_URL",
    doc: "Redis in which the gateways count together what a caller has of them, such as rediss://user:password@redis.example.com:6379/0; none counts in each gateway alone",
    default: "",
    secret: true,
  }),
  replicas: integer({
    env: "REPLICA_COUNT",
    doc: "processes of each part beside each other; several gateways need a Redis in which they count together",
    default: 1,
    min: 1,
    max: 1_000,
  }),
  corsOrigins: list(parseOrigin, {
    env: "SOMA_CORS_ORIGINS",
    doc: "origins whose pages may use the gateway, separated by commas, such as https://app.example.com",
    default: [],
  }),
  allowedHosts: list(parseHost, {
    env: "SOMA_ALLOWED_HOSTS",
    doc: "names the gateway is served under beside those of this machine, separated by commas, without a port",
    default: [],
  }),
  signInCommand: text({
    env: "SOMA_SIGN_IN_COMMAND",
    doc: "command that prints a sign-in link, as the page tells it to who has none",
    default: "npx soma signin",
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
  const lacks = whatIdentityLacks(config);
  if (lacks.length > 0) throw new ConfigError(lacks);
  if (config.replicas > 1 && config.redisUrl === "")
    throw new ConfigError([
      `REPLICA_COUNT is ${config.replicas}, and SOMA_GATEWAY_REDIS_URL is not set, so each gateway would count alone what a caller has of them`,
    ]);
  const urls = Object.fromEntries(subgraphs.map((name) => [name, config[`url of ${name}`] as string]));
  return Object.freeze({ ...config, urls });
}

/** The path is the number of a database; with another one the library would take the first database. */
function redisUrl(setting: Omit<Setting<string>, "parse">): Setting<string> {
  const { parse } = url(["redis:", "rediss:"], setting);
  return {
    ...setting,
    parse(value) {
      const parsed = new URL(parse(value));
      if (parsed.hostname === "" || parsed.search !== "" || !/^(\/\d*)?$/.test(parsed.pathname))
        throw new Error("is not a URL of a host and, after a slash, the number of a database");
      return value;
    },
  };
}

/** An origin as browsers send it: all of them, or none in particular, cannot be listed. */
function parseOrigin(text: string): string {
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol))
    throw new Error(`has "${text}", which is not an origin`);
  if (parsed.origin !== text) throw new Error(`has "${text}", which is not an origin; "${parsed.origin}" is`);
  return text;
}

function parseHost(text: string): string {
  const host = text.toLowerCase();
  if (!/^([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])$/.test(host))
    throw new Error(`has "${text}", which is not a name of a host without a port`);
  return host;
}
