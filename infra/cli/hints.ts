import { resolve } from "node:path";

/** Commands that a message tells somebody to type: with the options that lead to the same product. */
export interface Hints {
  /** Such as `npx soma --data DIR`. */
  soma: string;
  /** Such as `npm start -- --data DIR`. */
  start: string;
}

export function hintsFor({ port, data }: { port?: number; data?: string }, cwd: string): Hints {
  const where = port === undefined ? [] : ["--port", String(port)];
  if (data !== undefined) where.push("--data", quote(resolve(cwd, data)));
  const options = where.map((word) => ` ${word}`).join("");
  return { soma: `npx soma${options}`, start: `npm start${options === "" ? "" : ` --${options}`}` };
}

/** One word for a shell. */
function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
