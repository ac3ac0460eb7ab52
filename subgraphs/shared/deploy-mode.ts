import { DEPLOY_MODES, type DeployMode } from "@soma/schemas/deploy-modes";
import { ConfigError, flag, oneOf, readSettings } from "./config.ts";
import { findRefused } from "./refusals.ts";

const modeSettings = {
  mode: oneOf(DEPLOY_MODES, {
    env: "DEPLOY_MODE",
    doc: "how the product is installed; a process that starts refuses what its mode refuses",
    default: "dev_full",
  }),
  jwt: flag({
    env: "JWT_ENABLED",
    doc: "whether callers are known by signed tokens; they always are, and false is refused",
    default: true,
  }),
  opa: flag({
    env: "OPA_ENABLED",
    doc: "whether the policy decides over calls of tools; it always does, and false is refused",
    default: true,
  }),
  mtls: flag({
    env: "MTLS_ENABLED",
    doc: "whether the network between the parts has mutual TLS, as a service mesh gives it; parts speak plain HTTP and take your word",
    default: false,
  }),
  realInfra: flag({
    env: "USE_REAL_INFRA",
    doc: "whether the parts have infrastructure in common; with true a bus of one process alone is refused",
    default: false,
  }),
};

type Env = Readonly<Record<string, string | undefined>>;

interface ReadDeployModeOptions {
  /** The process that asks; all of them when left out. */
  part?: string;
  /** The mode of a command that has no other. */
  only?: DeployMode;
}

/** The mode of a process; throws ConfigError with everything that its mode refuses. */
export function readDeployMode(env: Env, { part, only }: ReadDeployModeOptions = {}): DeployMode {
  const { mode } = readSettings(modeSettings, env);
  if (only !== undefined && mode !== only)
    throw new ConfigError([
      `DEPLOY_MODE is ${mode}, and this command runs ${only} alone; start each part as a program of its own, or leave DEPLOY_MODE out`,
    ]);
  const refused = findRefused(env, { mode, ...(part === undefined ? {} : { part }) });
  if (refused.length > 0) throw new ConfigError(refused);
  return mode;
}
