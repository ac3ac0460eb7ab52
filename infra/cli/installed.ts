import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { CliError, EXIT } from "./cli-error.ts";

/** Throws where the command line stands alone: what is asked for starts the product of its installation. */
export function checkInstalled(program: string): void {
  if (existsSync(program)) return;
  throw new CliError("only the command line is installed here, and no product that could start", { code: "NOT_FOUND" });
}

/** The folder of a project; throws when it is none. */
export function projectFolder(dir: string): string {
  const folder = resolve(dir);
  if (["agents", "tools"].some((name) => existsSync(join(folder, name)))) return folder;
  throw new CliError(`${folder} is no project: it has neither agents nor tools; \`soma init\` writes a new one`, {
    code: "BAD_INPUT",
    exitCode: EXIT.USAGE,
  });
}
