/**
 * What the commit of a step takes from its call to its answer, one at a time on one connection: its end and the start
 * of the next one, which leave together. In turn with a statement that does nothing, an insert of one number, and where
 * asked for the commit of another checkout of the project. Prints, of a hundred, the least, the tenth and the fiftieth
 * in milliseconds: the least is what other work on the machine disturbs least.
 *
 *   node_modules/.bin/node tests/load/engine/commit.ts [--beside FOLDER]
 */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { newId } from "@soma/shared/ids";
import { connect } from "@soma/shared/postgres/connect";
import type { Migration } from "@soma/shared/postgres/migrate";
import { transaction } from "@soma/shared/postgres/transaction";
import { createTestDatabase } from "@soma/shared/testing/database";
import { chain } from "../../../subgraphs/runs/domain/chain.ts";
import { runsMigrations } from "../../../subgraphs/runs/migrate.ts";
import { beginRuns } from "../../../subgraphs/runs/store/begin-runs.ts";
import { claimRuns } from "../../../subgraphs/runs/store/claim-runs.ts";
import { type BatchRow, commitBatch } from "../../../subgraphs/runs/store/commit-batch.ts";
import { registerWorker } from "../../../subgraphs/runs/store/register-worker.ts";
import { PAYLOAD } from "./contender.ts";
import { startMeasuredServer } from "./server.ts";

const ROUNDS = 4;
const TIMES = 200;
const WARM = 20;

const { values } = parseArgs({ options: { beside: { type: "string" } } });

/** A connection as that of the worker's commits, and a run to commit steps of. */
async function openCommits(migrations: readonly Migration[]) {
  const database = await createTestDatabase("load", migrations);
  const { request, worker, schema, urls } = database;
  const owner = await registerWorker(worker, { workerId: newId(), slots: 1, build: "load", leaseMs: 3_600_000 });
  await transaction(request, { tenant: "acme" }, (tx) => beginRuns(tx, { runs: [aRun()] }));
  const [run] = await claimRuns(worker, { owner, graphs: ["ten@1#h"], slots: 1 });
  if (run === undefined) throw new Error("the run that was begun was not claimed");
  const parameters = { plan_cache_mode: "force_generic_plan" };
  const sql = connect({ url: urls.worker, schema, applicationName: "load-commits", max: 1, parameters });
  await database.owner`create table inserts (n int)`;
  await database.owner`grant insert on inserts to soma_worker`;
  let seq = 1;
  const aRow = (kind: "STEP_SUCCEEDED" | "STEP_STARTED", payload: { kept?: string }): BatchRow => {
    seq += 1;
    const place = {
      runId: run.runId,
      seq,
      at: new Date(),
      kind,
      step: seq,
      node: "step1",
      nodeType: "tool",
      attempt: 1,
    };
    const text = JSON.stringify(payload);
    const event = chain("0".repeat(64), { ...place, payload }, text);
    return { event, text, values: [], epoch: run.epoch, status: null, wait: undefined };
  };
  return {
    commit: () =>
      commitBatch(sql, { owner, rows: [aRow("STEP_SUCCEEDED", { kept: PAYLOAD }), aRow("STEP_STARTED", {})] }),
    nothing: () => sql`select 1`,
    insert: () => sql`insert into inserts values (1)`,
    close: () => sql.end({ timeout: 2 }).then(database.close),
  };
}

function aRun() {
  const createdAt = new Date();
  return {
    ...{ runId: newId("Run"), sessionId: newId("Session"), tenant: "acme", sessionIsNew: true, createdAt },
    ...{ graph: "ten", graphVersion: 1, graphHash: "h", role: "assistant", modelProfile: "scripted", input: {} },
    ...{ startedBy: "user:ada", priority: 0, idemKey: newId(), idemDigest: "d", traceParent: "", requestId: "" },
    deadline: new Date(createdAt.getTime() + 3_600_000),
  };
}

const server = await startMeasuredServer();
process.env.SOMA_TEST_DATABASE_URL = server.url;
try {
  const ours = await openCommits(await runsMigrations());
  const opened = [ours];
  const verbs: [string, () => Promise<unknown>][] = [
    ["select 1", ours.nothing],
    ["insert of a number", ours.insert],
    ["commit of a step", ours.commit],
  ];
  if (values.beside !== undefined) {
    const other = (await import(join(resolve(values.beside), "subgraphs/runs/migrate.ts"))) as {
      runsMigrations: typeof runsMigrations;
    };
    const theirs = await openCommits(await other.runsMigrations());
    opened.push(theirs);
    verbs.push(["commit of a step, beside", theirs.commit]);
  }
  const times = new Map<string, number[]>(verbs.map(([name]) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [name, verb] of verbs)
      for (let i = 0; i < TIMES; i += 1) {
        const beganAt = performance.now();
        await verb();
        if (i >= WARM) times.get(name)?.push(performance.now() - beganAt);
      }
  console.log("| one at a time, ms | least | tenth | fiftieth |\n| --- | --- | --- | --- |");
  for (const [name, all] of times) {
    const sorted = all.toSorted((a, b) => a - b);
    const at = (part: number): string => (sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(2);
    console.log(`| ${name} | ${at(0)} | ${at(0.1)} | ${at(0.5)} |`);
  }
  for (const each of opened) await each.close();
} finally {
  await server.stop();
}
