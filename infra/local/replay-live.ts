import { join } from "node:path";
import { parseArgs } from "node:util";
import { discoverGraphs } from "@soma/runs/agents";
import { createLiveGraphs } from "@soma/runs/live-graphs";
import { replayLive } from "@soma/runs/replay-live";
import { createSilentLog } from "@soma/shared/log";
import { referencesOf } from "./database.ts";
import { readPidFile } from "./pid-file.ts";
import { loadProject } from "./project/open-project.ts";
import { loadSecrets } from "./secrets.ts";

/**
 * What the graphs of this installation, and of a project, make of the journals of a running product, as one JSON object
 * `{report}`, or `{error}`: asked by `soma replay`, which is a client and knows nothing of graphs. It reads the database that
 * WORKER_DATABASE_URL names, else the one of a data folder.
 */
const { values } = parseArgs({
  options: { live: { type: "string" }, data: { type: "string" }, project: { type: "string" } },
});
const { live = "", data, project } = values;

try {
  const graphs = await findGraphs();
  const url = process.env.WORKER_DATABASE_URL || (await findDatabase());
  const schema = process.env.SOMA_RUNS_SCHEMA || "runs";
  print({ report: await replayLive({ url, schema, graphs, limit: Number(live) }) });
} catch (error) {
  print({ error: error instanceof Error ? error.message : String(error) });
}
// What a project has loaded may hold the process.
process.exit(0);

async function findGraphs() {
  if (project === undefined) return createLiveGraphs(await discoverGraphs());
  return (await loadProject(project, { log: createSilentLog(), say: () => {} })).graphs;
}

async function findDatabase(): Promise<string> {
  if (data === undefined)
    throw new Error("no data folder was found; name one with --data, or the database in WORKER_DATABASE_URL");
  const server = await readPidFile(join(data, "pg"));
  if (server?.ready !== true)
    throw new Error(`the database of ${data} does not run; start the product, or name another one with --data`);
  const owner = `postgres://soma_owner@127.0.0.1:${server.port}/postgres`;
  return referencesOf(data, owner, await loadSecrets(data))["postgres.worker"] ?? "";
}

function print(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
