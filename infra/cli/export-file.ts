import { createReadStream } from "node:fs";
import { CliError, EXIT } from "./cli-error.ts";

/** A policy of 8 MB takes 11 million as base64, and nothing else of an export is as long. */
const MOST_CHARACTERS = 67_108_864;

/** What a line of an export is; throws TypeError for one that is none. */
type ParseLine<L> = (text: string, number: number) => L;

/**
 * The lines of an export, which may be larger than memory; throws TypeError for a line that is none, or has no end. They end
 * with a line feed and with nothing else: JSON leaves U+2028 in a text as it is, and `node:readline` would break the line there.
 */
export async function* readExport<L>(
  path: string,
  parse: ParseLine<L>,
  most = MOST_CHARACTERS,
): AsyncGenerator<L, void> {
  let [begun, number] = ["", 1];
  for await (const chunk of chunksOf(path)) {
    const [first = "", ...others] = chunk.split("\n");
    begun += first;
    for (const next of others) {
      if (begun.trim() !== "") yield parse(begun, number);
      begun = next;
      number += 1;
    }
    if (begun.length > most) throw new TypeError(`line ${number} has more than ${most} characters`);
  }
  if (begun.trim() !== "") yield parse(begun, number);
}

async function* chunksOf(path: string): AsyncGenerator<string, void> {
  try {
    for await (const chunk of createReadStream(path, "utf8")) yield String(chunk);
  } catch (cause) {
    if (!(cause instanceof Error && "syscall" in cause)) throw cause;
    throw new CliError(`${path} cannot be read: ${cause.message}`, { code: "NOT_FOUND", exitCode: EXIT.USAGE, cause });
  }
}
