/** Commands that a message tells somebody to type, with the options that lead to the same product. */
export interface SomaCommands {
  /** Such as `npx soma --data DIR`. */
  soma: string;
  /** Such as `npm start -- --data DIR`. */
  start: string;
}

/** What is left out is the default of both commands. Lines that can be copied into a shell. */
export function somaCommands({ port, dataDir }: { port?: number; dataDir?: string }): SomaCommands {
  const where = port === undefined ? [] : ["--port", String(port)];
  if (dataDir !== undefined) where.push("--data", shellWord(dataDir));
  const options = where.map((word) => ` ${word}`).join("");
  return { soma: `npx soma${options}`, start: `npm start${options === "" ? "" : ` --${options}`}` };
}

/** A text as one word for a shell. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
