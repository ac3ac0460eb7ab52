import { createReadStream } from "node:fs";
import { parseVerdictLine, type VerdictLine } from "@soma/schemas/verdict/verdict-lines";

/** A policy of 8 MB takes 11 million as base64, and nothing else of an export is as long. */
const MOST_CHARACTERS = 67_108_864;

/**
 * The lines of an export, which may be larger than memory; throws TypeError for a line that is none, or has no end. They end
 * with a line feed and with nothing else: JSON leaves U+2028 in a text as it is, and `node:readline` would break the line there.
 */
export async function* readVerdictLines(path: string, most = MOST_CHARACTERS): AsyncGenerator<VerdictLine, void> {
  let [begun, number] = ["", 1];
  for await (const chunk of createReadStream(path, "utf8")) {
    const [first = "", ...others] = String(chunk).split("\n");
    begun += first;
    for (const next of others) {
      yield* lineOf(begun, number);
      begun = next;
      number += 1;
    }
    if (begun.length > most) throw new TypeError(`line ${number} has more than ${most} characters`);
  }
  yield* lineOf(begun, number);
}

function lineOf(text: string, number: number): VerdictLine[] {
  return text.trim() === "" ? [] : [parseVerdictLine(text, number)];
}
