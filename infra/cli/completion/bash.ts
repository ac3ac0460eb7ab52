import type { Level, Values } from "./levels.ts";
import { quote, toArms, valuedOf } from "./rules.ts";

/** A script for bash, also for the old one of macOS: `source <(soma completion bash)`. */
export function toBash(levels: readonly Level[]): string {
  const valued = valuedOf(levels);
  return `# Completion of soma for bash: source <(soma completion bash)
_soma() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" at="" skip="" word i
  # bash breaks --option=value into three words.
  if [[ $cur == "=" ]]; then cur=""; elif [[ $prev == "=" ]]; then prev="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    if [[ -n $skip ]]; then
      [[ $word == "=" ]] || skip=""
      continue
    fi
    case "$at|$word" in
${toArms(levels)}
    esac
  done
  local IFS=$'\\n'
  case "$at|$prev" in
${valued.map(({ at, values }) => `    ${quote(at)}) ${replyOf(values)} return ;;`).join("\n")}
  esac
  case "$at" in
${levels.map(toCase).join("\n")}
  esac
}
complete -F _soma soma
`;
}

function toCase({ path, commands, options, values }: Level): string {
  const flags = words(options.map(({ name }) => name));
  const others = commands.length > 0 ? words(commands.map(({ name }) => name)) : replyOf(values);
  return `    ${quote(path)}) if [[ $cur == -* ]]; then ${flags} else ${others === "" ? ":;" : others} fi ;;`;
}

function replyOf(values: Values): string {
  if (values.kind === "WORDS") return words(values.words);
  if (values.kind === "UNKNOWN") return "";
  return `compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -${values.kind === "FILES" ? "f" : "d"} -- "$cur"));`;
}

function words(names: readonly string[]): string {
  return `COMPREPLY=($(compgen -W $'${names.join("\\n")}' -- "$cur"));`;
}
