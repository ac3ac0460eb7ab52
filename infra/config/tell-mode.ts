import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { loadMode, type Mode, secretsOf, toEnv } from "@soma/conf/modes";
import { DEPLOY_MODES, type DeployMode } from "@soma/schemas/deploy-modes";
import { checkMode, insteadOf, type ModeReport } from "./check-mode.ts";
import { parseEnvText } from "./env-text.ts";
import { defaultOf, type Listed, listSettings } from "./list-settings.ts";

/**
 * What a mode makes of this environment, or of an env file, as one JSON object `{report}`, or `{error}`: asked by `soma config`
 * and `soma doctor`, which are clients and know nothing of settings.
 */
type Env = Readonly<Record<string, string | undefined>>;

interface Told {
  name: string;
  /** Of a secret, and of what only the start knows, there is none. */
  value: string | null;
  source: string;
}

function toTold(mode: Mode, { given, place }: { given: Env; place: string }, setting: Listed): Told {
  const { env: name, secret } = setting;
  const own = mode.settings[name];
  const isGiven = name !== "DEPLOY_MODE" && (given[name] ?? "") !== "";
  if (typeof own === "object" && "from" in own) return { name, value: null, source: "npm start knows it" };
  const instead = isGiven ? undefined : insteadOf(setting, toEnv(mode, given, {}));
  if (instead !== undefined) return { name, value: null, source: `${instead} stands in its place` };
  const kept = secretsOf(mode)[name];
  if (secret === true || kept !== undefined) {
    const where = kept === undefined ? "not set" : `kept in secret ${kept}, not set here`;
    return { name, value: null, source: isGiven ? `set by ${place}, and not shown` : where };
  }
  if (isGiven) return { name, value: given[name] ?? "", source: place };
  const value = toEnv(mode, {}, {})[name];
  if (value !== undefined) return { name, value, source: `modes/${mode.mode}.yaml` };
  return "default" in setting
    ? { name, value: defaultOf(setting), source: "default" }
    : { name, value: null, source: "not set" };
}

function readOptions(args: readonly string[], env: Env) {
  const { values } = parseArgs({ args: [...args], options: { mode: { type: "string" }, file: { type: "string" } } });
  const given: Env = values.file === undefined ? env : parseEnvText(readFileSync(values.file, "utf8"));
  const name = values.mode ?? (given.DEPLOY_MODE || "dev_full");
  const mode = DEPLOY_MODES.find((known) => known === name);
  if (mode === undefined) throw new Error(`there is no mode ${name}; there are ${DEPLOY_MODES.join(", ")}`);
  return { name: mode, given, ...(values.file === undefined ? {} : { file: values.file }) };
}

/** What an env file says that its mode does not, or that nothing reads. */
function faultsOfFile(name: DeployMode, given: Env, settings: readonly Listed[]): string[] {
  const known = new Set(settings.map(({ env }) => env));
  const other = given.DEPLOY_MODE !== undefined && given.DEPLOY_MODE !== name;
  return [
    ...(other ? [`DEPLOY_MODE is ${given.DEPLOY_MODE}, and the mode asked for is ${name}`] : []),
    ...Object.keys(given).flatMap((each) => (known.has(each) ? [] : [`${each} is no setting: nothing reads it`])),
  ];
}

export function tellMode(args: readonly string[], env: Env): ModeReport & { settings: Told[] } {
  const { name, given, file } = readOptions(args, env);
  const [mode, settings] = [loadMode(name), listSettings()];
  const report = checkMode(mode, given, settings);
  const faults = [...(file === undefined ? [] : faultsOfFile(name, given, settings)), ...report.faults];
  const told = settings.map((each) => toTold(mode, { given, place: file ?? "the environment" }, each));
  return { ...report, faults, settings: told };
}

function answer(): object {
  try {
    return { report: tellMode(process.argv.slice(2), process.env) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(answer())}\n`);
