import type { Level, OptionWord, Values } from "./levels.ts";
import { stepsOf, valuedOf } from "./rules.ts";

/** A script for fish: `soma completion fish | source`. */
export function toFish(levels: readonly Level[]): string {
  return `# Completion of soma for fish: soma completion fish | source
function __soma_at
  set -l at ''
  set -l skip ''
  for word in (commandline -opc)[2..-1]
    if test -n "$skip"
      set skip ''
      continue
    end
    switch "$at|$word"
${stepsOf(levels)
  .map(({ at, to }) => `      case ${quote(at)}\n        set at ${quote(to)}`)
  .join("\n")}
      case ${valuedOf(levels)
        .map(({ at }) => quote(at))
        .join(" ")}
        set skip 1
    end
  end
  test "$at" = "$argv[1]"
end
complete -c soma -f
${levels.flatMap(toLines).join("\n")}
`;
}

function toLines({ path, commands, options, values }: Level): string[] {
  const here = `complete -c soma -n ${quote(`__soma_at ${quote(path)}`)}`;
  const ofArgument = commands.length > 0 ? "" : replyOf(values);
  return [
    ...commands.map(({ name, description }) => `${here} -a ${quote(name)} -d ${quote(description)}`),
    ...options.map((option) => `${here} ${flagsOf(option)} -d ${quote(option.description)}`),
    ...(ofArgument === "" ? [] : [`${here} ${ofArgument}`]),
  ];
}

function flagsOf({ name, values }: OptionWord): string {
  const flag = name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`;
  if (values === undefined) return flag;
  // A value that is no file is never completed as one.
  return `${flag} ${values.kind === "FILES" ? "-r" : "-x"} ${replyOf(values)}`.trimEnd();
}

function replyOf(values: Values): string {
  if (values.kind === "WORDS") return `-a ${quote(values.words.join(" "))}`;
  if (values.kind === "UNKNOWN") return "";
  return values.kind === "FILES" ? "-F" : "-a '(__fish_complete_directories)'";
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
