import { hash } from "node:crypto";
import { parseEnv } from "node:util";

/** Changes when a reader of the file would have to change. */
const VERSION = 1;
const BARE = /^[\w./:@%+,=-]*$/;
/** A shell, compose and Node would each make something else of these, so none of them is written. */
const UNSAFE = /["$`\\\p{Cc}]/u;

/** One line of an env file, which a shell, compose and Node read alike; throws where there is no such line. */
export function toEnvLine(name: string, value: string): string {
  if (UNSAFE.test(value))
    throw new Error(
      `${name} cannot be written into an env file: it has a quote, $, \`, a backslash or a control character`,
    );
  return BARE.test(value) ? `${name}=${value}` : `${name}="${value}"`;
}

interface EnvTextParams {
  mode: string;
  values: Readonly<Record<string, string>>;
  /** What comes from elsewhere, and from where. */
  elsewhere: Readonly<Record<string, string>>;
}

/** An env file of a mode: a head that tells whether it was edited, then its settings; what is secret is named alone. */
export function toEnvText({ mode, values, elsewhere }: EnvTextParams): string {
  const lines = Object.entries(values).map(([name, value]) => toEnvLine(name, value));
  const named = Object.entries(elsewhere).map(([name, place]) => `#   ${name}: ${place}`);
  const body = [
    `# Made of conf/modes/${mode}.yaml by infra/generate-global-env.sh; what you change here is not kept.`,
    ...lines,
    ...(named.length > 0 ? ["# Not in this file, which holds no secret:", ...named] : []),
    "",
  ].join("\n");
  return `${headOf(body)} mode ${mode}\n${body}`;
}

/** Whether a file is as it was made; one that is not ours is not. */
export function isAsMade(text: string): boolean {
  const end = text.indexOf("\n") + 1;
  return text.startsWith(`${headOf(text.slice(end))} `);
}

function headOf(body: string): string {
  return `# soma-env ${VERSION} sha256:${hash("sha256", body)}`;
}

/** The settings of an env file. */
export function parseEnvText(text: string): Record<string, string> {
  return parseEnv(text) as Record<string, string>;
}
