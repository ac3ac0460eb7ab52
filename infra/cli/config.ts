import { fileURLToPath } from "node:url";
import { askProgram } from "./ask-program.ts";
import { CliError, EXIT } from "./cli-error.ts";
import { print, printJson, printTable, safe } from "./print.ts";

/** The installation's own program: it has the settings, a client does not. It prints one JSON object {report} or {error}. */
const PROGRAM = fileURLToPath(new URL("../config/tell-mode.ts", import.meta.url));

export interface ConfigOptions {
  /** DEPLOY_MODE when left out. */
  mode?: string;
  /** An env file; the environment when left out. */
  file?: string;
  json: boolean;
}

export interface ModeReport {
  mode: string;
  faults: string[];
  lacks: Record<string, string>;
  files: string[];
  settings: { name: string; value: string | null; source: string }[];
}

/** What a mode makes of the environment. */
export function askMode({ mode, file }: Omit<ConfigOptions, "json">, program: string = PROGRAM): Promise<ModeReport> {
  return askProgram<ModeReport>({
    program,
    args: [...(mode === undefined ? [] : ["--mode", mode]), ...(file === undefined ? [] : ["--file", file])],
    lacks: "whose settings could be looked at",
    failed: { what: "the settings cannot be looked at", code: "NO_CONFIG" },
  });
}

/** Every setting with its value, and where that comes from; of secrets where they are kept. */
export async function printConfig({ json, ...asked }: ConfigOptions, program?: string): Promise<void> {
  const { mode, settings } = await askMode(asked, program);
  if (json) return printJson({ mode, settings });
  print(`mode ${mode}\n`);
  printTable(
    ["SETTING", "VALUE", "FROM"],
    settings.map(({ name, value, source }) => [name, safe(value ?? "-"), safe(source)]),
  );
}

/** Fails with everything that a mode refuses, and that would keep a part from starting. */
export async function checkConfig({ json, ...asked }: ConfigOptions, program?: string): Promise<void> {
  const report = await askMode(asked, program);
  const { mode, faults, lacks } = report;
  if (json) {
    printJson({ mode, faults, lacks });
    if (faults.length > 0) process.exitCode = EXIT.FAILED;
    return;
  }
  for (const [name, place] of Object.entries(lacks)) print(safe(`note: ${name} comes from secret ${place}`));
  if (faults.length > 0)
    throw new CliError(`mode ${mode} has faults:\n${faults.map((fault) => `  - ${fault}`).join("\n")}`, {
      code: "CONFIG_REFUSED",
    });
  print(`mode ${mode} has no faults`);
}
