/**
 * A process that appends one note after the other, so many or until it is killed: `append-notes.ts DATA_DIR FIRST [COUNT
 * [NAME]]`. Prints each number once its note is kept, and why one could not be.
 */
import { writeSync } from "node:fs";
import { aToolContext } from "@soma/sdk/testing/tool-context";
import noteAppend from "../tools/note-append.ts";

const [, , dataDir = "", first = "0", count = "Infinity", name = "note"] = process.argv;
const end = Number(first) + Number(count);

for (let i = Number(first); i < end; i += 1) {
  try {
    await noteAppend.run({ text: `${name} ${i}` }, aToolContext({ dataDir, idempotencyKey: `${name}-${i}` }));
  } catch (error) {
    writeSync(1, `${(error as NodeJS.ErrnoException).code}\n`);
    break;
  }
  writeSync(1, `${i}\n`);
}
