import type { Level, Values } from "./levels.ts";

/** A word at a place, written `path|word`, that leads to the path of a command. */
export interface Step {
  at: string;
  to: string;
}

/** Where each command is named. */
export function stepsOf(levels: readonly Level[]): Step[] {
  return levels
    .filter(({ path }) => path !== "")
    .map(({ path }) => {
      const words = path.split(" ");
      return { at: `${words.slice(0, -1).join(" ")}|${words.at(-1) ?? ""}`, to: path };
    });
}

/** Where an option takes a value, written `path|option`, and what the value may be. */
export function valuedOf(levels: readonly Level[]): { at: string; values: Values }[] {
  return levels.flatMap(({ path, options }) =>
    options.flatMap(({ name, values }) => (values === undefined ? [] : [{ at: `${path}|${name}`, values }])),
  );
}

/** Arms of a `case "$at|$word"` for words before the one that is completed; bash and zsh take the same. */
export function toArms(levels: readonly Level[]): string {
  const steps = stepsOf(levels).map(({ at, to }) => `      ${quote(at)}) at=${quote(to)} ;;`);
  const valued = valuedOf(levels).map(({ at }) => quote(at));
  return [...steps, `      ${valued.join(" | ")}) skip=1 ;;`].join("\n");
}

/** A text as bash and zsh take it, whatever is in it. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
