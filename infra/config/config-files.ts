import { loadMode, type Mode, plainOf, secretsOf } from "@soma/conf/modes";
import { DEPLOY_MODES, type DeployMode } from "@soma/schemas/deploy-modes";
import { checkMode } from "./check-mode.ts";
import { toEnvText } from "./env-text.ts";
import { listSettings } from "./list-settings.ts";
import { toChartTables } from "./to-chart-tables.ts";
import { toOverlay, toValuesSchema } from "./to-helm.ts";
import { toReference } from "./to-reference.ts";

/** The modes of a cluster, and what their overlays are called. */
const OVERLAYS = { dev_prod: "dev", prod: "prod", prod_ha: "prod-ha" } as const;
const CHART = "infra/helm/soma-stack/";
const LIBRARY = "infra/helm/soma-lib/";

/** Every file that is made of the modes and of the settings, by its path; throws when a mode has faults. */
export function toConfigFiles(load: (name: DeployMode) => Mode = loadMode): Map<string, string> {
  const settings = listSettings();
  const modes = DEPLOY_MODES.map((name) => load(name));
  const faults = modes.flatMap((mode) => checkMode(mode, {}, settings).faults.map((fault) => `${mode.mode}: ${fault}`));
  if (faults.length > 0)
    throw new Error(`conf/modes/ has faults:\n${faults.map((fault) => `  - ${fault}`).join("\n")}`);
  const files = new Map(modes.map((mode) => [`infra/env/${mode.mode}.env`, toModeEnv(mode)]));
  files.set("infra/compose/compose.env", toModeEnv(load("dev_prod")));
  for (const [name, overlay] of Object.entries(OVERLAYS) as [DeployMode, string][])
    files.set(`${CHART}${overlay}-values.yaml`, toOverlay(load(name), settings));
  const inCluster = Object.keys(OVERLAYS) as DeployMode[];
  files.set(`${CHART}values.schema.json`, toValuesSchema(inCluster, settings));
  files.set(`${LIBRARY}templates/_tables.tpl`, toChartTables(inCluster, settings));
  files.set("docs/operator/configuration.md", toReference(settings, modes));
  return files;
}

/** The env file of a mode, with what is set otherwise. */
export function toModeEnv(mode: Mode, more: Readonly<Record<string, string>> = {}): string {
  const values = Object.entries({ ...plainOf(mode), ...more }).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const elsewhere = Object.entries(mode.settings).flatMap(([name, value]): [string, string][] =>
    typeof value === "object" && "from" in value && !(name in more) ? [[name, "known to npm start"]] : [],
  );
  const secrets = Object.entries(secretsOf(mode)).map(([name, place]): [string, string] => [name, `secret ${place}`]);
  return toEnvText({
    mode: mode.mode,
    values: Object.fromEntries(values),
    elsewhere: Object.fromEntries([...elsewhere, ...secrets].toSorted(([a], [b]) => (a < b ? -1 : 1))),
  });
}
