import type { Argument, Command, Option } from "commander";

/** What may stand for a value: some words, a file, a folder, or what nobody can guess. */
export type Values = { kind: "WORDS"; words: readonly string[] } | { kind: "FILES" | "FOLDERS" | "UNKNOWN" };

/** A word that may be typed, and what it is for. */
export interface Word {
  name: string;
  description: string;
}

export interface OptionWord extends Word {
  /** Undefined where the option takes no value. */
  values: Values | undefined;
}

/** What may follow after the words of a command, such as `runs list`; of the program itself the path is empty. */
export interface Level {
  path: string;
  commands: readonly Word[];
  options: readonly OptionWord[];
  /** Of the first argument that says what it may be. */
  values: Values;
}

/** The commands of a program as its own help tells them, each with what may follow it. */
export function toLevels(program: Command): Level[] {
  const shared = optionsOf(program).filter(({ name }) => !["--version", "--help"].includes(name));
  return levelsBelow(program, "", shared);
}

function levelsBelow(command: Command, path: string, shared: readonly OptionWord[]): Level[] {
  const own = optionsOf(command);
  const known = new Set(own.map(({ name }) => name));
  const level = {
    path,
    commands: command.createHelp().visibleCommands(command).map(toWord),
    options: [...own, ...shared.filter(({ name }) => !known.has(name))],
    values: command.registeredArguments.map(valuesOf).find(({ kind }) => kind !== "UNKNOWN") ?? UNKNOWN,
  };
  const below = command.commands.flatMap((next) => levelsBelow(next, `${path} ${next.name()}`.trim(), shared));
  return [level, ...below];
}

function toWord(command: Command): Word {
  return { name: command.name(), description: command.description() };
}

function optionsOf(command: Command): OptionWord[] {
  return command.createHelp().visibleOptions(command).map(toOption);
}

function toOption(option: Option): OptionWord {
  const takesOne = option.required || option.optional;
  return {
    name: option.long ?? option.short ?? "",
    description: option.description,
    values: takesOne ? guess(/<([^>]+)>|\[([^\]]+)\]/.exec(option.flags)?.slice(1).join("") ?? "", option) : undefined,
  };
}

const UNKNOWN: Values = { kind: "UNKNOWN" };

function valuesOf(argument: Argument): Values {
  return guess(argument.name(), argument);
}

function guess(name: string, { argChoices }: { argChoices?: readonly string[] | undefined }): Values {
  if (argChoices !== undefined) return { kind: "WORDS", words: argChoices };
  if (name === "dir") return { kind: "FOLDERS" };
  return name === "file" ? { kind: "FILES" } : UNKNOWN;
}
