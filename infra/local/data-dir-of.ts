import { resolve } from "node:path";

/** The data folder of a command: `--data`, else SOMA_DATA_DIR, else `.soma` here. */
export function dataDirOf(given: string | undefined, env: Record<string, string | undefined>): string {
  if (given === "") throw new Error('--data is ""; it must be a folder');
  return resolve(given ?? (env.SOMA_DATA_DIR || ".soma"));
}
