import { resolve } from "node:path";
import { type SomaCommands, somaCommands } from "@soma/schemas/soma-commands";

export type Hints = SomaCommands;

/** Commands that lead from anywhere to the product that these options lead to from here. */
export function hintsFor({ port, data }: { port?: number; data?: string }, cwd: string): Hints {
  return somaCommands({
    ...(port === undefined ? {} : { port }),
    ...(data === undefined ? {} : { dataDir: resolve(cwd, data) }),
  });
}
