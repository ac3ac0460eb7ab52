import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { loadMode } from "@soma/conf/modes";
import { DEPLOY_MODES, type DeployMode } from "@soma/schemas/deploy-modes";
import { replaceFile } from "@soma/shared/replace-file";
import { checkMode } from "./check-mode.ts";
import { toModeEnv } from "./config-files.ts";
import { isAsMade } from "./env-text.ts";
import { listSettings } from "./list-settings.ts";

/** What infra/generate-global-env.sh runs: it has the options and their meaning. */
const DEFAULT_OUT = "/root/soma-global.env";
const OWNER_ALONE = 0o600;

type Env = Readonly<Record<string, string | undefined>>;

interface Asked {
  mode: DeployMode;
  out: string;
  more: Record<string, string>;
  print: boolean;
  check: boolean;
  force: boolean;
}

function readOptions(args: readonly string[], env: Env): Asked {
  const { values } = parseArgs({
    args: [...args],
    options: {
      mode: { type: "string", default: env.DEPLOY_MODE || "dev_full" },
      out: { type: "string", default: env.SOMA_GLOBAL_ENV || DEFAULT_OUT },
      set: { type: "string", multiple: true, default: [] },
      print: { type: "boolean", default: false },
      check: { type: "boolean", default: false },
      force: { type: "boolean", default: false },
    },
  });
  const mode = DEPLOY_MODES.find((name) => name === values.mode);
  if (mode === undefined) throw new Error(`there is no mode ${values.mode}; there are ${DEPLOY_MODES.join(", ")}`);
  return { ...values, mode, more: Object.fromEntries(values.set.map(toPair)) };
}

function toPair(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at < 1) throw new Error(`--set ${text} is not NAME=VALUE`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** The text of the file; throws with everything that is wrong with it. */
function make({ mode: name, more }: Asked): string {
  const mode = loadMode(name);
  const settings = listSettings();
  const named = new Map(settings.map((setting) => [setting.env, setting]));
  const faults = Object.keys(more).flatMap((key) => {
    if (key === "DEPLOY_MODE") return ["--set DEPLOY_MODE is --mode"];
    if (named.get(key)?.secret === true) return [`--set ${key} is refused: it is secret, and the file holds no secret`];
    return named.has(key) ? [] : [`--set ${key} is refused: nothing reads it`];
  });
  const all = [...faults, ...checkMode(mode, more, settings).faults];
  if (all.length > 0) throw new Error(`nothing was written:\n${all.map((fault) => `  - ${fault}`).join("\n")}`);
  return toModeEnv(mode, more);
}

async function write({ out, check, force }: Asked, text: string): Promise<string> {
  const before = await readFile(out, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw toUnwritable(out, error);
  });
  if (before === text) return `${out} is up to date`;
  if (check) throw new Error(`${out} ${before === undefined ? "is not there" : "is not what would be written"}`);
  if (before !== undefined && !isAsMade(before) && !force)
    throw new Error(`${out} was changed by hand, or is another file; --force replaces it, --out names another place`);
  await replaceFile(out, text, { mode: OWNER_ALONE }).catch((error: unknown) => {
    throw toUnwritable(out, error);
  });
  return `${out} was written`;
}

/** Who is not root has no place at the default. */
function toUnwritable(out: string, error: unknown): Error {
  const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return new Error(`${out} cannot be written (${why}); --out FILE names another place`);
}

/** What the script prints; throws with the reason when it does nothing. */
export async function writeEnvFile(args: readonly string[], env: Env): Promise<string> {
  const asked = readOptions(args, env);
  const text = make(asked);
  return asked.print ? text : `${await write(asked, text)}\n`;
}

if (import.meta.main)
  await writeEnvFile(process.argv.slice(2), process.env).then(
    (said) => process.stdout.write(said),
    (error: unknown) => {
      process.stderr.write(`generate-global-env: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(1);
    },
  );
