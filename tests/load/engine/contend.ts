/**
 * Measures one contender in a process and a database of its own, and prints a line of JSON for each number of runs at once.
 * Started by beside-peers.ts.
 *
 *   node_modules/.bin/node tests/load/engine/contend.ts NAME URL DATABASE 1,32,256 SECONDS
 */
import { runMany, STEPS } from "./contender.ts";
import { CONTENDERS, type ContenderName } from "./contenders.ts";
import { createMeter } from "./meter.ts";
import { createDatabase } from "./server.ts";

/** What a step took of one contender at one number of runs at once. */
export interface Measured {
  atOnce: number;
  stepsPerSecond: number;
  /** Null where it keeps nothing in the database. */
  statements: number | null;
  walBytes: number | null;
  nodeUs: number;
}

const [name = "", url = "", database = "", sizes = "", seconds = ""] = process.argv.slice(2);
const { open, keepsIn } = CONTENDERS[name as ContenderName];
const own = await createDatabase(url, database);
process.env.SOMA_TEST_DATABASE_URL = own;
const contender = await open(own);
const meter = createMeter(url, database);
for (const atOnce of sizes.split(",").map(Number)) console.log(JSON.stringify(await measure(atOnce)));
await contender.close();
await meter.close();
// Not every peer lets its process end by itself.
process.exit(0);

async function measure(atOnce: number): Promise<Measured> {
  // Code and connections are warm, and it is known how many runs take so many seconds.
  const warm = Math.max(20, atOnce * 2);
  await runMany(contender, { runs: warm, atOnce });
  const { seconds: took } = await meter.measure(() => runMany(contender, { runs: warm, atOnce }));
  const runs = Math.max(Math.ceil((warm * Number(seconds)) / took), atOnce);
  const spent = await meter.measure(() => runMany(contender, { runs, atOnce }));
  const steps = runs * STEPS;
  const ofServer = (value: number): number | null => (keepsIn === "postgres" ? value / steps : null);
  return {
    atOnce,
    stepsPerSecond: steps / spent.seconds,
    statements: ofServer(spent.statements),
    walBytes: ofServer(spent.walBytes),
    nodeUs: spent.nodeUs / steps,
  };
}
