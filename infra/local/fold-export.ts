import { readFile } from "node:fs/promises";
import { foldExport } from "@soma/runs/fold-export";
import { verifyExport } from "@soma/schemas/run-export";

/**
 * The state that an export comes to with the graphs of this installation, as one JSON object `{state}`, or `{error}`: asked by
 * `soma runs replay`, which is a client and knows nothing of graphs.
 */
const [, , path = ""] = process.argv;

try {
  print({ state: await foldExport(await verifyExport(await readFile(path, "utf8"))) });
} catch (error) {
  print({ error: error instanceof Error ? error.message : String(error) });
}

function print(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
