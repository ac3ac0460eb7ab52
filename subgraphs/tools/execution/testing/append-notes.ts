/** A process that appends one note after the other until it is killed: `append-notes.ts DATA_DIR FIRST`. Prints each number once its note is kept. */
import { writeSync } from "node:fs";
import { noteAppend } from "../tools/note-append.ts";
import { aContext } from "./context.ts";

const [, , dataDir = "", first = "0"] = process.argv;

for (let i = Number(first); ; i += 1) {
  await noteAppend.run({ text: `note ${i}` }, aContext({ dataDir, idempotencyKey: `key-${i}` }));
  writeSync(1, `${i}\n`);
}
