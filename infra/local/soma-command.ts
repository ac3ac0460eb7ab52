import { fileURLToPath } from "node:url";
import { somaCommands } from "@soma/schemas/soma-commands";

/** The data folder the command line looks into by itself. */
const DEFAULT = fileURLToPath(new URL("../../.soma", import.meta.url));

/** How the command line is called for a data folder; a line that can be copied into a shell. */
export function somaCommand(dataDir: string): string {
  return somaCommands(dataDir === DEFAULT ? {} : { dataDir }).soma;
}
