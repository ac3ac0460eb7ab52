import type { readProcessSettings } from "@soma/shared/run-main";
import type { readGatewayConfig } from "../config.ts";

interface Allowed {
  config: Pick<
    ReturnType<typeof readGatewayConfig>,
    | "host"
    | "port"
    | "urls"
    | "redisUrl"
    | "oidcJwksUrl"
    | "documentsFile"
    | "webuiDir"
    | "internalSigningKeyFile"
    | "userVerifyKeyFile"
    | "revokedFile"
  >;
  settings: Pick<ReturnType<typeof readProcessSettings>, "metricsHost" | "metricsPort" | "otlpEndpoint">;
  /** Folders of the product that are read, beside what the settings name. */
  folders: { graphql: string; webui: string };
}

const PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443, "redis:": 6_379, "rediss:": 6_379 };

/**
 * What a gateway may do on Deno, as flags of it: listen where its settings say, reach the services they name and nothing else,
 * read the graph, the page, the registered documents and the folders of keys that it follows, and read its settings. It starts no program, writes no file and
 * loads no library. `hostname` is the one fact of the machine it may ask for: the log's library does when it is loaded.
 */
export function permissionsOf({ config, settings, folders }: Allowed): string[] {
  const reached = [...Object.values(config.urls), config.redisUrl, config.oidcJwksUrl, settings.otlpEndpoint].filter(
    (url) => url !== "",
  );
  const net = [
    placeOf(config.host, config.port),
    placeOf(settings.metricsHost, settings.metricsPort),
    ...reached.map(hostOf),
  ];
  const { webuiDir, documentsFile } = config;
  // Their folders: what is mounted into one changes by links inside it.
  const followed = [config.internalSigningKeyFile, config.userVerifyKeyFile, config.revokedFile]
    .filter((file) => file !== "")
    .map(folderOf);
  const read = [folders.graphql, webuiDir === "" ? folders.webui : webuiDir, documentsFile, ...new Set(followed)];
  return [
    `--allow-net=${[...new Set(net)].join(",")}`,
    `--allow-read=${read
      .filter((path) => path !== "")
      .map(escaped)
      .join(",")}`,
    "--allow-env",
    "--allow-sys=hostname",
  ];
}

function hostOf(url: string): string {
  const { protocol, hostname, port } = new URL(url);
  return `${hostname}:${port === "" ? PORTS[protocol] : port}`;
}

function placeOf(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function folderOf(file: string): string {
  const end = file.lastIndexOf("/");
  return end === -1 ? "." : file.slice(0, Math.max(end, 1));
}

/** A comma parts paths; two of them are one of a path. */
function escaped(path: string): string {
  return path.replaceAll(",", ",,");
}
