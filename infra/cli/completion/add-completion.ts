import { Argument, type Command } from "commander";
import { print, printJson } from "../print.ts";
import { toBash } from "./bash.ts";
import { toFish } from "./fish.ts";
import { type Level, toLevels } from "./levels.ts";
import { toZsh } from "./zsh.ts";

const SHELLS = { bash: toBash, zsh: toZsh, fish: toFish } as const satisfies Record<
  string,
  (levels: readonly Level[]) => string
>;

/** The command that prints what a shell has to know to complete all the others. */
export function addCompletion(program: Command, { json }: { json: boolean }): void {
  program
    .command("completion")
    .addArgument(new Argument("<shell>", "the shell that is to complete").choices(Object.keys(SHELLS)))
    .description("print a script with which a shell completes commands, options and their values")
    .action((shell: keyof typeof SHELLS) => {
      const script = SHELLS[shell](toLevels(program));
      if (json) printJson({ script });
      else print(script.trimEnd());
    });
}
