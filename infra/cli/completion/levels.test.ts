import { Argument, Command, Option } from "commander";
import { describe, expect, it } from "vitest";
import { toBash } from "./bash.ts";
import { toFish } from "./fish.ts";
import { toLevels } from "./levels.ts";
import { toZsh } from "./zsh.ts";

function example(): Command {
  const program = new Command("soma").version("1").option("--data <dir>", "where it's: `here`");
  const runs = program.command("runs").description("runs");
  runs
    .command("list")
    .addOption(new Option("--by <what>").choices(["day", "role"]))
    .argument("[file]");
  program.command("old", { hidden: true });
  program
    .command("shell")
    .addArgument(new Argument("<name>").choices(["a", "b"]))
    .option("-q", "quiet");
  return program;
}

describe("toLevels()", () => {
  it("has each command that help tells of, with its own options and the program's", () => {
    const told = toLevels(example()).map(({ path, commands, options, values }) => [
      path,
      commands.map(({ name }) => name).join(),
      options.map(({ name, values: taken }) => `${name}${taken === undefined ? "" : `=${taken.kind}`}`).join(),
      values.kind === "WORDS" ? values.words.join() : values.kind,
    ]);
    expect(told).toEqual([
      ["", "runs,shell,help", "--version,--data=FOLDERS,--help", "UNKNOWN"],
      ["runs", "list,help", "--help,--data=FOLDERS", "UNKNOWN"],
      ["runs list", "", "--by=WORDS,--help,--data=FOLDERS", "FILES"],
      ["old", "", "--help,--data=FOLDERS", "UNKNOWN"],
      ["shell", "", "-q,--help,--data=FOLDERS", "a,b"],
    ]);
  });

  it("is written so that no description is read as a command", () => {
    expect(toZsh(toLevels(example()))).toContain(`'--data:where it'\\''s\\: \`here\`'`);
    expect(toFish(toLevels(example()))).toContain(
      "-l data -x -a '(__fish_complete_directories)' -d 'where it\\'s: `here`'",
    );
    expect(toBash(toLevels(example()))).toContain("'runs|list') at='runs list' ;;");
  });
});
