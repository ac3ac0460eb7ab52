/**
 * The same graphs of LangGraph on `SomaSaver` and on LangGraph's own `PostgresSaver`, one after the other in each round: prints
 * one JSON object with what a step costs on each, and the ratios. Installs the peer into `.tools/` first.
 *
 *   node_modules/.bin/node tests/load/langgraph.ts [rounds, 3 when left out]
 */
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import setup from "@soma/local/test-postgres";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { langgraphMigrations } from "../../subgraphs/langgraph/migrate.ts";
import { SomaSaver } from "../../subgraphs/langgraph/saver.ts";
import { type Counts, countStatements } from "../../subgraphs/langgraph/testing/count-statements.ts";
import {
  countingGraph,
  kilobyte,
  type LoadGraph,
  type Saver,
  STEPS,
  talkingGraph,
} from "../../subgraphs/langgraph/testing/load-graphs.ts";

const rounds = Number(process.argv[2] ?? 3);
if (!Number.isInteger(rounds) || rounds < 1 || rounds > 50)
  throw new Error(`"${process.argv[2]}" is not a number of rounds, 1 to 50`);

const PEER = "@langchain/langgraph-checkpoint-postgres@1.0.5";
/** A saver of one kind on a database, and how it is ended. */
type Open = (url: string) => { saver: Saver; close(): Promise<unknown> };

/** What each graph of a load is, how many run at once, and how many in all. */
interface Load {
  graph(saver: Saver): LoadGraph;
  input(): object;
  atOnce: number;
  runs: number;
}

const nothing = () => ({ topic: "a", count: 0 });
const fifty = () => ({ messages: Array.from({ length: 50 }, kilobyte) });

const LOADS: Record<string, Load> = {
  "small state, one run at a time": { graph: countingGraph, input: nothing, atOnce: 1, runs: 10 },
  "small state, 32 runs at once": { graph: countingGraph, input: nothing, atOnce: 32, runs: 96 },
  "fifty messages, one run at a time": { graph: talkingGraph, input: fifty, atOnce: 1, runs: 5 },
  "fifty messages, 32 runs at once": { graph: talkingGraph, input: fifty, atOnce: 32, runs: 32 },
};

interface Cost {
  msPerStep: number;
  walBytesPerStep: number;
}

async function run({ graph, input, atOnce, runs }: Load, saver: Saver): Promise<void> {
  const compiled = graph(saver);
  let left = runs;
  const lane = async (): Promise<void> => {
    for (; left > 0; ) {
      left -= 1;
      await compiled.invoke(input(), { configurable: { thread_id: randomUUID() }, durability: "sync" });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

async function measure(load: Load, saver: Saver, { owner }: TestDatabase): Promise<Cost> {
  const walAt = async (): Promise<number> =>
    Number((await owner<{ at: string }[]>`select pg_current_wal_insert_lsn() - '0/0' as at`)[0]?.at);
  const before = await walAt();
  const startedAt = performance.now();
  await run(load, saver);
  const ms = performance.now() - startedAt;
  const steps = load.runs * STEPS;
  return { msPerStep: ms / steps, walBytesPerStep: ((await walAt()) - before) / steps };
}

/** Statements and round trips of one run, by a connection that is counted and warm. */
async function count(load: Load, open: Open, url: string): Promise<Counts> {
  const counter = await countStatements(url);
  const { saver, close } = open(counter.url);
  const one = { ...load, atOnce: 1, runs: 1 };
  // What a driver prepares, it prepares once on each of its connections.
  for (let warm = 0; warm < 3; warm += 1) await run(one, saver);
  counter.take();
  await run(one, saver);
  const { statements, roundTrips } = counter.take();
  await close();
  await counter.close();
  return { statements: statements / STEPS, roundTrips: roundTrips / STEPS };
}

async function openers(database: TestDatabase): Promise<Record<"ours" | "peer", { open: Open; url: string }>> {
  const { PostgresSaver } = await loadPeer();
  const schema = `${database.schema}_peer`;
  const peer: Open = (url) => {
    const saver = PostgresSaver.fromConnString(url, { schema });
    return { saver, close: () => saver.end() };
  };
  const first = PostgresSaver.fromConnString(database.urls.owner, { schema });
  await first.setup();
  await first.end();
  const ours: Open = (url) => {
    const saver = new SomaSaver({ url, tenant: "acme", schema: database.schema });
    return { saver, close: () => saver.close() };
  };
  return { ours: { open: ours, url: database.urls.request }, peer: { open: peer, url: database.urls.owner } };
}

interface Peer {
  PostgresSaver: {
    fromConnString(url: string, options: { schema: string }): Saver & { setup(): Promise<void>; end(): Promise<void> };
  };
}

/** LangGraph's own saver, beside the LangGraph of this project. */
async function loadPeer(): Promise<Peer> {
  const folder = fileURLToPath(new URL("../../.tools/langgraph-peer/", import.meta.url));
  const file = `${folder}node_modules/@langchain/langgraph-checkpoint-postgres/dist/index.js`;
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    const options = ["--prefix", folder, "--no-save", "--legacy-peer-deps", "--no-workspaces"];
    execFileSync("npm", ["install", ...options, PEER], { cwd: folder, stdio: "inherit" });
  }
  return (await import(pathToFileURL(file).href)) as Peer;
}

const median = (values: number[]): number => values.toSorted((x, y) => x - y)[Math.floor(values.length / 2)] ?? 0;
const rounded = (value: number): number => Math.round(value * 100) / 100;

async function compare(load: Load, database: TestDatabase, kinds: Awaited<ReturnType<typeof openers>>) {
  const opened = { ours: kinds.ours.open(kinds.ours.url), peer: kinds.peer.open(kinds.peer.url) };
  const costs: Record<"ours" | "peer", Cost[]> = { ours: [], peer: [] };
  for (const { saver } of Object.values(opened)) await run({ ...load, runs: load.atOnce }, saver);
  for (let round = 0; round < rounds; round += 1)
    for (const kind of ["peer", "ours"] as const) costs[kind].push(await measure(load, opened[kind].saver, database));
  for (const { close } of Object.values(opened)) await close();
  const found = { ours: {} as Record<string, number>, peer: {} as Record<string, number> };
  for (const kind of ["ours", "peer"] as const) {
    for (const name of ["msPerStep", "walBytesPerStep"] as const)
      found[kind][name] = rounded(median(costs[kind].map((cost) => cost[name])));
    Object.assign(found[kind], await count(load, kinds[kind].open, kinds[kind].url));
  }
  const ratios = Object.entries(found.ours).map(([name, ours]) => [name, rounded((found.peer[name] ?? 0) / ours)]);
  return { ...found, peerToOurs: Object.fromEntries(ratios) };
}

const teardown = await setup();
const database = await createTestDatabase("langgraph", await langgraphMigrations());
try {
  const kinds = await openers(database);
  const measured: Record<string, object> = {};
  for (const [name, load] of Object.entries(LOADS)) measured[name] = await compare(load, database, kinds);
  console.log(JSON.stringify({ rounds, stepsPerRun: STEPS, ...measured }, null, 2));
} finally {
  await database.close();
  await teardown();
}
