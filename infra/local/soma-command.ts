import { fileURLToPath } from "node:url";

/** The data folder the command line looks into by itself. */
const DEFAULT = fileURLToPath(new URL("../../.soma", import.meta.url));

/** How the command line is called for a data folder; a line that can be copied into a shell. */
export function somaCommand(dataDir: string): string {
  if (dataDir === DEFAULT) return "npx soma";
  return `npx soma --data ${/^[\w@%+=:,./-]+$/.test(dataDir) ? dataDir : `'${dataDir.replaceAll("'", "'\\''")}'`}`;
}
