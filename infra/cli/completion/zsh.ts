import type { Level, Values, Word } from "./levels.ts";
import { quote, toArms, valuedOf } from "./rules.ts";

/** A script for zsh, to be sourced or to stand in a folder of fpath as `_soma`. */
export function toZsh(levels: readonly Level[]): string {
  const valued = valuedOf(levels);
  return `#compdef soma
# Completion of soma for zsh: source <(soma completion zsh)
_soma() {
  local at="" skip="" word
  local -a found
  for word in "\${(@)words[2,CURRENT-1]}"; do
    if [[ -n $skip ]]; then skip=""; continue; fi
    case "$at|$word" in
${toArms(levels)}
    esac
  done
  case "$at|\${words[CURRENT-1]}" in
${valued.map(({ at, values }) => `    ${quote(at)}) ${replyOf(values)} return ;;`).join("\n")}
  esac
  case "$at" in
${levels.map(toCase).join("\n")}
  esac
}
if [[ "\${funcstack[1]}" == _soma ]]; then _soma "$@"; else compdef _soma soma; fi
`;
}

function toCase({ path, commands, options, values }: Level): string {
  const others = commands.length > 0 ? described("command", commands) : replyOf(values);
  return `    ${quote(path)}) if [[ \${words[CURRENT]} == -* ]]; then ${described("option", options)} else ${others} fi ;;`;
}

function described(what: string, words: readonly Word[]): string {
  const found = words.map(({ name, description }) => quote(`${name}:${description.replaceAll(":", "\\:")}`));
  return `found=(${found.join(" ")}); _describe ${what} found;`;
}

function replyOf(values: Values): string {
  if (values.kind === "WORDS") return `compadd -- ${values.words.map(quote).join(" ")};`;
  if (values.kind === "UNKNOWN") return ":;";
  return values.kind === "FILES" ? "_files;" : "_files -/;";
}
