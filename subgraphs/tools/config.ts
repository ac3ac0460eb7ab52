import { inboundTenantsSetting } from "@soma/shared/bus/inbound-tenants";
import { integer, oneOf, readSettings, type Setting, text } from "@soma/shared/config";
import { keySettings } from "@soma/shared/identity/key-settings";
import { commonSettings, confDir, outboxSettings, subgraphUrl } from "@soma/shared/subgraph-settings";
import { FLOORS } from "./domain/sandbox-level.ts";

const HOST_AND_PORT = /^([a-z0-9.-]+|\[[0-9a-f:.]+\]):\d{1,5}$/;

/** A comma list of `host:port`, spelled as a URL spells its host. */
function hostsAndPorts(setting: Omit<Setting<ReadonlySet<string>>, "parse">): Setting<ReadonlySet<string>> {
  return {
    ...setting,
    parse(value) {
      const entries = value
        .split(",")
        .map((entry) => entry.trim().toLowerCase())
        .filter((entry) => entry !== "");
      const fault = entries.find((entry) => !HOST_AND_PORT.test(entry));
      if (fault !== undefined) throw new Error(`has "${fault}", which is not host:port`);
      return new Set(entries);
    },
  };
}

const toolsSettings = {
  ...commonSettings("tools"),
  ...outboxSettings,
  ...keySettings("decisionVerifyKey"),
  inboundTenants: inboundTenantsSetting,
  dataDir: text({
    env: "SOMA_DATA_DIR",
    doc: "folder tools keep files in; several tools processes of one machine may share it",
    default: ".soma",
  }),
  httpFetchAllow: hostsAndPorts({
    env: "SOMA_HTTP_FETCH_ALLOW",
    doc: "comma list of host:port that http_fetch may reach although they are private",
    default: new Set<string>(),
  }),
  sandbox: oneOf(FLOORS, {
    env: "SOMA_TOOLS_SANDBOX",
    doc: "least sandbox of tools of medium and high risk that run in a child process; `best` takes bubblewrap where this machine gives it, else process, and says so; what it does not give is refused",
    default: "best",
  }),
  concurrency: integer({
    env: "SOMA_TOOLS_CONCURRENCY",
    doc: "tools that run at a time in this process",
    default: 16,
    min: 1,
    max: 256,
  }),
};

/** Read where tools are asked for on the bus: who is asked whether they may be called, and in whose name. */
const requestSettings = {
  confDir,
  ...keySettings("internalSigningKey"),
  policyUrl: subgraphUrl("policy"),
};

export function readRequestsConfig(env: Record<string, string | undefined>) {
  return readSettings(requestSettings, env);
}

export function readToolsConfig(env: Record<string, string | undefined>) {
  return readSettings(toolsSettings, env);
}
