import type { Command } from "commander";
import { rotateKeys } from "./keys.ts";
import { toSeconds } from "./option-values.ts";

/** Longer than whoever follows a file takes to read it, and than a cluster takes to mount a secret that changed. */
const AFTER_S = 300;
/** Longer than any decision may stand, which is what lives longest of what these keys sign. */
const KEEP_S = 3_900;

/** The commands about keys that stand in files, which need no running product. */
export function addKeys(program: Command, { json }: { json: boolean }): void {
  program
    .command("keys")
    .description("keys by which the parts know each other")
    .command("rotate")
    .argument("<name>", "internal, or decision")
    .option(
      "--dir <dir>",
      "folder of NAME-private.json and NAME-public.json, which are made when they are not there",
      ".",
    )
    .option(
      "--after <seconds>",
      "when the new key begins to sign; 0 at once, and what the ones before signed ends with --keep",
      toSeconds,
      AFTER_S,
    )
    .option("--keep <seconds>", "how long what they signed is good from then on", toSeconds, KEEP_S)
    .description("add a new key to the files; every part that follows them takes it without a restart")
    .action(async (name: string, options: { dir: string; after: number; keep: number }) =>
      rotateKeys({ name, ...options, json }),
    );
}
