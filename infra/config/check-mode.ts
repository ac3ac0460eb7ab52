import { type Mode, plainOf, secretsOf, toEnv } from "@soma/conf/modes";
import { readGatewayConfig } from "@soma/gateway/config";
import { readMemoryConfig } from "@soma/memory/config";
import { readPolicyConfig } from "@soma/policy/config";
import { readRunsConfig, readWorkerConfig } from "@soma/runs/config";
import { readKafkaSettings } from "@soma/shared/bus/kafka/kafka-settings";
import { faultsOf } from "@soma/shared/config";
import { findRefused } from "@soma/shared/refusals";
import { readProcessSettings } from "@soma/shared/run-main";
import { readToolsConfig } from "@soma/tools/config";
import { faultsOfFiles } from "./faults-of-files.ts";
import { type Listed, listSettings, SUBGRAPHS } from "./list-settings.ts";

type Env = Readonly<Record<string, string | undefined>>;

export interface ModeReport {
  mode: string;
  /** What keeps the product from starting like this, or what the mode refuses. */
  faults: string[];
  /** What comes from a secret and is not set here, and where it is kept. */
  lacks: Record<string, string>;
  /** Files that settings name, and that are not here. */
  files: string[];
}

/** Stand in for what only a secret or the start knows, so that everything beside it can be looked at. */
const STAND_INS = [
  "http://elsewhere.invalid/graphql",
  "postgres://elsewhere.invalid/soma",
  "rediss://elsewhere.invalid",
  '{"kty":"OKP","crv":"Ed25519","x":"","d":""}',
  '{"kty":"OKP","crv":"Ed25519","x":""}',
  "0",
];

/** What is wrong with a mode in an environment; of a secret only whether it is there. */
export function checkMode(mode: Mode, given: Env, settings: readonly Listed[] = listSettings()): ModeReport {
  const env = toEnv(mode, given, {});
  const needed = new Set(
    settings.filter((setting) => insteadOf(setting, env) === undefined).map(({ env: name }) => name),
  );
  const lacking = Object.entries(secretsOf(mode)).filter(([name]) => (given[name] ?? "") === "" && needed.has(name));
  const said = [...new Set([...faultsOfReaders(standIn(mode, env, settings)), ...faultsOfFiles(env, settings)])];
  return {
    mode: mode.mode,
    faults: [
      ...faultsOfFile(mode, settings),
      ...findRefused(standIn(mode, env, settings), { mode: mode.mode }),
      ...said.filter((fault) => !isOfFile(fault)),
    ],
    lacks: Object.fromEntries(lacking),
    files: said.filter(isOfFile),
  };
}

/** The setting that is set in place of another one. */
export function insteadOf({ inFile, or }: Listed, env: Env): string | undefined {
  return [inFile, or].find((name) => name !== undefined && (env[name] ?? "") !== "");
}

/** What a mode's file may not say. */
function faultsOfFile(mode: Mode, settings: readonly Listed[]): string[] {
  const known = new Map(settings.map((setting) => [setting.env, setting]));
  const plain = plainOf(mode);
  return Object.keys(mode.settings).flatMap((name) => {
    const setting = known.get(name);
    if (setting === undefined) return [`modes/${mode.mode}.yaml sets ${name}, which nothing reads`];
    if (setting.inFile !== undefined && setting.inFile in plain)
      return [`modes/${mode.mode}.yaml sets ${name} and ${setting.inFile}; keep one of them`];
    if (setting.secret === true && name in plain)
      return [
        `modes/${mode.mode}.yaml holds a value of ${name}, which is secret; name where it is kept, as { secret: NAME/KEY }`,
      ];
    return [];
  });
}

function standIn(mode: Mode, env: Env, settings: readonly Listed[]): Env {
  const missing = settings.filter(
    (setting) =>
      (env[setting.env] ?? "") === "" &&
      typeof mode.settings[setting.env] === "object" &&
      insteadOf(setting, env) === undefined,
  );
  return { ...env, ...Object.fromEntries(missing.map((setting) => [setting.env, standInFor(setting)])) };
}

function standInFor({ parse }: Listed): string | undefined {
  return STAND_INS.find((text) => {
    try {
      parse(text);
      return true;
    } catch {
      return false;
    }
  });
}

/** What the parts themselves say, each fault once. */
function faultsOfReaders(env: Env): string[] {
  const readers: ((env: Env) => unknown)[] = [
    readProcessSettings,
    (own) => readGatewayConfig(own, SUBGRAPHS),
    readRunsConfig,
    readMemoryConfig,
    readPolicyConfig,
    readToolsConfig,
    readWorkerConfig,
    ...(env.SOMA_EVENT_BUS === "kafka" ? [readKafkaSettings] : []),
  ];
  return [...new Set(readers.flatMap((read) => faultsOf(() => read(env))))];
}

function isOfFile(fault: string): boolean {
  return /^[A-Z_]+_FILE: ".*" cannot be read/.test(fault);
}
