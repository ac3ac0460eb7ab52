import { readGatewayConfig } from "@soma/gateway/config";
import { wantsFirstMinutes } from "@soma/local/first-minutes";
import { readTablesConfig } from "@soma/local/tables-config";
import { readMemoryConfig, readOutboxSyncConfig } from "@soma/memory/config";
import { readPolicyConfig } from "@soma/policy/config";
import { readRunsConfig, readWorkerConfig } from "@soma/runs/config";
import openAiCompatible from "@soma/runs/models/openai";
import { readProxies } from "@soma/runs/models/proxies";
import { chooseBus } from "@soma/shared/bus/choose-bus";
import { readEnricherSettings } from "@soma/shared/bus/kafka/enricher/enricher-settings";
import { readKafkaSettings } from "@soma/shared/bus/kafka/kafka-settings";
import { readSettings, type Setting, settingsOf } from "@soma/shared/config";
import { readDeployMode } from "@soma/shared/deploy-mode";
import { createSilentLog } from "@soma/shared/log";
import { readProcessSettings } from "@soma/shared/run-main";
import { confDir } from "@soma/shared/subgraph-settings";
import { readRequestsConfig, readToolsConfig } from "@soma/tools/config";

type Read = Parameters<typeof settingsOf>[0];

export const SUBGRAPHS = ["runs", "memory", "policy", "tools"] as const;
/** What runs as a process of its own. */
export const PARTS = ["gateway", ...SUBGRAPHS, "worker", "outbox-sync"] as const;
/** What runs once and ends, before anything of a new version starts. */
export const JOBS = ["tables", "topics"] as const;
type Part = (typeof PARTS)[number] | (typeof JOBS)[number] | "enricher" | "npm start";

/** A setting of the product, by its name in the environment, as those who read it declare it. */
export interface Listed extends Setting<unknown> {
  /** What each reader calls its value. */
  keys: string[];
  readBy: Part[];
}

const ofProcess: Read[] = [readProcessSettings, readDeployMode];
const ofBus: Read[] = [
  (env) => chooseBus({ env, log: createSilentLog(), hasEveryPart: false }),
  (env) => readKafkaSettings(env),
];
const ofModels: Read[] = [(env) => openAiCompatible.custom?.(env), readProxies];

/** Who reads what: the readers themselves are asked, so that nothing is listed which no process reads. */
const READERS: Readonly<Record<Part, readonly Read[]>> = {
  gateway: [(env) => readGatewayConfig(env, SUBGRAPHS), ...ofProcess],
  runs: [readRunsConfig, ...ofModels, ...ofProcess],
  memory: [readMemoryConfig, ...ofBus, ...ofProcess],
  policy: [readPolicyConfig, ...ofBus, ...ofProcess],
  tools: [readToolsConfig, readRequestsConfig, ...ofBus, ...ofProcess],
  worker: [readWorkerConfig, ...ofModels, ...ofBus, ...ofProcess],
  "outbox-sync": [readOutboxSyncConfig, ...ofBus, ...ofProcess],
  tables: [readTablesConfig],
  topics: [(env) => readKafkaSettings(env), (env) => readSettings({ confDir }, env)],
  // Nothing of the product: whoever wants one starts it.
  enricher: [readEnricherSettings, (env) => readKafkaSettings(env), ...ofProcess],
  "npm start": [(env) => wantsFirstMinutes(env, undefined)],
};

/** Every setting of the product, in the order of the alphabet. */
export function listSettings(): Listed[] {
  const listed = new Map<string, Listed>();
  for (const [part, reads] of Object.entries(READERS) as [Part, readonly Read[]][])
    for (const read of reads)
      for (const [key, setting] of Object.entries(settingsOf(read))) add(listed, { key, part, setting });
  return [...listed.values()].toSorted((a, b) => (a.env < b.env ? -1 : 1));
}

function add(
  listed: Map<string, Listed>,
  { key, part, setting }: { key: string; part: Part; setting: Setting<unknown> },
) {
  const known = listed.get(setting.env) ?? { ...setting, keys: [], readBy: [] };
  if (toText(known) !== toText(setting))
    throw new Error(`${setting.env} is declared twice, and not alike: as "${known.doc}" and as "${setting.doc}"`);
  if (!known.keys.includes(key)) known.keys.push(key);
  if (!known.readBy.includes(part)) known.readBy.push(part);
  listed.set(setting.env, known);
}

function toText({ env, doc, secret, values, min, max, ...rest }: Setting<unknown>): string {
  return JSON.stringify({ env, doc, secret, values, min, max, default: "default" in rest ? defaultOf(rest) : null });
}

/** A default as text: what has none says nothing when it is not set. */
export function defaultOf(setting: Pick<Setting<unknown>, "default">): string {
  const value = setting.default;
  return ["string", "number", "boolean"].includes(typeof value) ? String(value) : "";
}
