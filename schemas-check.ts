/**
 * Event schemas, alone and beside those that were released last (`schemas/released/`): each compiles, its examples fit, and
 * whoever reads either form can read events of both.
 *
 *   npm run schemas:check               fails with what is wrong
 *   npm run schemas:check -- --release  and keeps the schemas as those that are released, when nothing is
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Schema } from "./schemas/compat/find-breaks.ts";
import { findFaults } from "./schemas/compat/find-faults.ts";

const folder = new URL("schemas/", import.meta.url);
const releasedFolder = new URL("released/", folder);

function namesIn(from: URL): string[] {
  return readdirSync(from)
    .filter((name) => /\.v\d+\.json$/.test(name))
    .sort();
}

function readSchemas(from: URL): Map<string, Schema> {
  return new Map(
    namesIn(from).map((name) => [
      name.slice(0, -".json".length),
      JSON.parse(readFileSync(new URL(name, from), "utf8")) as Schema,
    ]),
  );
}

function main(release: boolean): void {
  const [current, released] = [readSchemas(folder), readSchemas(releasedFolder)];
  // Without it nothing would be known to break: whoever deleted it would have accepted every break.
  if (released.size === 0) throw new Error("event schemas cannot be compared: schemas/released/ holds none");
  const faults = findFaults(current, released);
  if (faults.length > 0)
    throw new Error(`event schemas do not fit:\n${faults.map((fault) => `  - ${fault}`).join("\n")}`);
  for (const name of release ? namesIn(folder) : [])
    writeFileSync(new URL(name, releasedFolder), readFileSync(new URL(name, folder)));
  console.log(`schemas: ${current.size} event types fit, ${released.size} of them released before`);
}

main(process.argv.includes("--release"));
