/**
 * What each statement of a run's life takes of the server's CPU, and of this process: 256 runs of ten steps of two rows, begun 32
 * and claimed 48 at a time, committed 64 rows at a time, and read as the relay reads what is published. Each statement has a
 * connection of its own, whose process is asked for the time it was on a CPU, so that other work on the machine disturbs little. Prints a
 * table of microseconds.
 *
 *   node_modules/.bin/node tests/load/engine/statements.ts [--rounds 10]
 */
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { newId } from "@soma/shared/ids";
import { connect, type Sql } from "@soma/shared/postgres/connect";
import { statement } from "@soma/shared/postgres/statement";
import { createTestDatabase } from "@soma/shared/testing/database";
import { chain } from "../../../subgraphs/runs/domain/chain.ts";
import { runsMigrations } from "../../../subgraphs/runs/migrate.ts";
import { beginRuns, type NewRun } from "../../../subgraphs/runs/store/begin-runs.ts";
import { type ClaimedRun, claimRuns } from "../../../subgraphs/runs/store/claim-runs.ts";
import { type BatchRow, commitBatch } from "../../../subgraphs/runs/store/commit-batch.ts";
import { readUnpublished } from "../../../subgraphs/runs/store/read-unpublished.ts";
import { registerWorker } from "../../../subgraphs/runs/store/register-worker.ts";
import { PAYLOAD, STEPS } from "./contender.ts";
import { startMeasuredServer } from "./server.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "10" } } });
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1 || rounds > 1_000)
  throw new Error(`"${values.rounds}" is not a number of rounds, 1 to 1000`);
const RUNS = 256;
const [BEGUN, CLAIMED, COMMITTED, READ] = [32, 48, 64, 500];
/** Rounds in which caches are filled and plans are made. */
const WARM = 2;

const spent = new Map<string, { things: number; serverUs: number; nodeUs: number }>();

interface Connection {
  sql: Sql;
  pid: number;
}

async function open(url: string, schema: string, parameters: Record<string, string> = {}): Promise<Connection> {
  const sql = connect({ url, schema, applicationName: "load-statements", max: 1, parameters });
  const [row] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
  return { sql, pid: row?.pid ?? 0 };
}

/** Of a process, so far. */
async function onCpuUs(pid: number): Promise<number> {
  return Number((await readFile(`/proc/${pid}/schedstat`, "utf8")).split(" ")[0]) / 1_000;
}

/** Counts what a statement takes; `things` are what it is divided by, where that is not the length of its answer. */
async function take<T>(what: string, { pid }: Connection, things: number, ask: () => Promise<T>): Promise<T> {
  const [server, node] = [await onCpuUs(pid), process.cpuUsage()];
  const answer = await ask();
  const { user, system } = process.cpuUsage(node);
  const before = spent.get(what) ?? { things: 0, serverUs: 0, nodeUs: 0 };
  const serverUs = before.serverUs + (await onCpuUs(pid)) - server;
  spent.set(what, { things: before.things + things, serverUs, nodeUs: before.nodeUs + user + system });
  return answer;
}

function aRun(): NewRun {
  const createdAt = new Date();
  return {
    ...{ runId: newId("Run"), sessionId: newId("Session"), tenant: "acme", sessionIsNew: true, createdAt },
    ...{
      graph: "ten",
      graphVersion: 1,
      graphHash: "h",
      role: "assistant",
      modelProfile: "scripted",
      input: { text: "load" },
    },
    ...{ startedBy: "user:ada", priority: 0, idemKey: newId(), idemDigest: "d", traceParent: "", requestId: "" },
    deadline: new Date(createdAt.getTime() + 3_600_000),
  };
}

type Place = Pick<BatchRow["event"], "kind" | "step" | "node" | "nodeType" | "attempt">;

function aRow(
  { runId, epoch }: ClaimedRun,
  seq: number,
  place: Place,
  payload: object,
  status: number | null,
): BatchRow {
  const text = JSON.stringify(payload);
  const event = chain("0".repeat(64), { runId, seq, at: new Date(), ...place, payload: { ...payload } }, text);
  return { event, text, values: [], epoch, status, wait: undefined };
}

/** Rows of a step: its start, with the end of the one before. */
function rowsOf(run: ClaimedRun, step: number): BatchRow[] {
  const place = { node: "step1", nodeType: "tool", attempt: 1 };
  const started = aRow(run, 2 * step, { ...place, kind: "STEP_STARTED", step }, {}, null);
  const kept = { patch: { kept: PAYLOAD }, summary: "done" };
  const ended = { ...place, kind: "STEP_SUCCEEDED" as const, step: step - 1 };
  return step === 1 ? [started] : [aRow(run, 2 * step - 1, ended, kept, null), started];
}

function endOf(run: ClaimedRun): BatchRow {
  const place = { kind: "RUN_SUCCEEDED" as const, step: STEPS, node: null, nodeType: null, attempt: 0 };
  return aRow(run, 2 * STEPS + 1, place, { outcome: "SUCCEEDED" }, 10);
}

function* parts<T>(all: readonly T[], size: number): Generator<T[]> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size);
}

const server = await startMeasuredServer();
process.env.SOMA_TEST_DATABASE_URL = server.url;
const database = await createTestDatabase("load", await runsMigrations());
const { urls, schema } = database;
const [starts, claims, relay, commits] = await Promise.all([
  open(urls.request, schema),
  open(urls.worker, schema),
  open(urls.worker, schema),
  open(urls.worker, schema, { plan_cache_mode: "force_generic_plan" }),
]);
const owner = await registerWorker(claims.sql, { workerId: newId(), slots: 1, build: "load", leaseMs: 3_600_000 });
let after = { xid: "0", runId: "00000000-0000-0000-0000-000000000000", seq: 0 };

async function claim(): Promise<ClaimedRun[]> {
  const claimed: ClaimedRun[] = [];
  const ask = () => claimRuns(claims.sql, { owner, graphs: ["ten@1#h"], slots: CLAIMED });
  while (claimed.length < RUNS) claimed.push(...(await take("claim of a run", claims, CLAIMED, ask)));
  await take("claim where nothing is due", claims, 1, ask);
  return claimed;
}

async function readAll(): Promise<void> {
  for (let isMore = true; isMore; ) {
    const read = await take("event that is published", relay, 0, () =>
      readUnpublished(relay.sql, { after, limit: READ }),
    );
    const counted = spent.get("event that is published");
    if (counted !== undefined) counted.things += read.length;
    after = read.at(-1)?.position ?? after;
    isMore = read.length === READ;
  }
}

try {
  for (let round = 0; round < rounds + WARM; round += 1) {
    if (round === WARM) spent.clear();
    for (let from = 0; from < RUNS; from += BEGUN) {
      const runs = Array.from({ length: BEGUN }, aRun);
      await take("start of a run", starts, BEGUN, () => statement(starts.sql, (tx) => beginRuns(tx, { runs })));
    }
    const claimed = await claim();
    const commit = (what: string, rows: BatchRow[]) =>
      take(what, commits, rows.length, () => commitBatch(commits.sql, { owner, rows }));
    for (let step = 1; step <= STEPS; step += 1)
      for (const rows of parts(
        claimed.flatMap((run) => rowsOf(run, step)),
        COMMITTED,
      ))
        await commit("row of a history", rows);
    for (const rows of parts(claimed.map(endOf), COMMITTED)) await commit("end of a run", rows);
    await readAll();
  }
  console.log("| one of many at once | us of the server | us of this process |\n| --- | --- | --- |");
  for (const [what, { things, serverUs, nodeUs }] of spent)
    console.log(`| ${what} | ${(serverUs / things).toFixed(0)} | ${(nodeUs / things).toFixed(0)} |`);
} finally {
  for (const { sql } of [starts, claims, relay, commits]) await sql.end({ timeout: 2 });
  await database.close();
  await server.stop();
}
