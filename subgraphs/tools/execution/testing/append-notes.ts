/** A process that appends one note after the other until it is killed: `append-notes.ts DATA_DIR FIRST`. Prints each number once its note is kept. */
import { writeSync } from "node:fs";
import { aToolContext } from "@soma/sdk/testing/tool-context";
import noteAppend from "../tools/note-append.ts";

const [, , dataDir = "", first = "0"] = process.argv;

for (let i = Number(first); ; i += 1) {
  await noteAppend.run({ text: `note ${i}` }, aToolContext({ dataDir, idempotencyKey: `key-${i}` }));
  writeSync(1, `${i}\n`);
}
