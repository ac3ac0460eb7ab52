import { DEPLOY_MODES } from "@soma/schemas/deploy-modes";
import type { Command, Option } from "commander";
import { checkConfig, printConfig } from "./config.ts";
import { wordOption } from "./option-values.ts";

interface Asked {
  mode?: string;
  file?: string;
}

export function modeOption(): Option {
  return wordOption("--mode <mode>", "how the product is installed", DEPLOY_MODES);
}

/** The commands about settings, which need no running product. */
export function addConfig(program: Command, { json }: { json: boolean }): void {
  const config = program.command("config").description("settings of a mode; that of DEPLOY_MODE when left out");
  config
    .command("print")
    .addOption(modeOption())
    .option("--file <file>", "an env file in place of the environment")
    .description("every setting with its value, and where that comes from; no secret")
    .action(async (options: Asked) => printConfig({ ...options, json }));
  config
    .command("check")
    .addOption(modeOption())
    .option("--file <file>", "an env file in place of the environment")
    .description("what the mode refuses, and what would keep a part from starting")
    .action(async (options: Asked) => checkConfig({ ...options, json }));
}
