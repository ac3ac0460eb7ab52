import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type CheckSeal, createSealCheck } from "@soma/schemas/audit/check-seal";
import { CliError, EXIT } from "../cli-error.ts";

/** What checks seals by the public keys of a file; undefined without one. */
export async function readSealKeys(file: string | undefined): Promise<CheckSeal | undefined> {
  if (file === undefined) return undefined;
  try {
    return createSealCheck(JSON.parse(await readFile(resolve(file), "utf8")));
  } catch (cause) {
    throw new CliError(`no keys can be read in ${file}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      code: "BAD_INPUT",
      exitCode: EXIT.USAGE,
      cause,
    });
  }
}

/** What to say where it was left out. */
export const NO_KEYS = "nobody's signature was checked: --keys takes a file of the public keys";
