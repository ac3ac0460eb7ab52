/**
 * What a document costs the disk that every step of a run keeps: a run of so many steps with a document of so many
 * bytes, as it is stored, and beside it a copy of its history whose payloads are whole. Prints a table of rows and
 * bytes, indexes and all.
 *
 *   node_modules/.bin/node tests/load/big-values.ts [steps, 100 when left out] [bytes, 100000 when left out]
 */
import { randomBytes } from "node:crypto";
import { graph, replaced } from "@soma/sdk/graph";
import type { Sql } from "@soma/shared/postgres/connect";
import { createEngineHarness } from "../../subgraphs/runs/testing/engine.ts";
import { startMeasuredServer } from "./engine/server.ts";

const [steps = 100, bytes = 100_000] = process.argv.slice(2).map(Number);
if (!(Number.isInteger(steps) && steps >= 1 && steps <= 5_000))
  throw new Error(`"${process.argv[2]}" is not a number of steps, 1 to 5000`);
if (!(Number.isInteger(bytes) && bytes >= 1 && bytes <= 1_000_000))
  throw new Error(`"${process.argv[3]}" is not a number of bytes, 1 to 1000000`);

/** Nothing that PostgreSQL could make smaller, as most documents are not. */
const document = randomBytes(bytes).toString("base64").slice(0, bytes);
const carrying = graph("carrying", 1, { document: replaced(""), count: replaced(0) })
  .node("carry", {
    type: "tool",
    pure: true,
    run: ({ count }) => ({ summary: "carried", patch: { document, count: count + 1 } }),
  })
  .node("end", { type: "tool", pure: true, run: () => ({ summary: "done" }) })
  .when("carry", ["carry", "end"], ({ count }) => (count < steps ? "carry" : "end"))
  .build(() => "done");

/** A table of the same rows, whose payloads are whole. */
async function copyWhole(sql: Sql, events: readonly { runId: string; seq: number; payload: object }[]): Promise<void> {
  await sql`create table whole (like journal including defaults including indexes)`;
  for (const { runId, seq, payload } of events)
    await sql`insert into whole select (jsonb_populate_record(j, jsonb_build_object('payload', ${sql.json(payload as never)}::jsonb))).*
      from journal j where j.run_id = ${runId} and j.seq = ${seq}`;
}

async function sizeOf(sql: Sql, table: string): Promise<{ rows: number; bytes: number }> {
  const [row] = await sql<{ rows: number; bytes: number }[]>`
    select (select count(*) from ${sql(table)})::int as rows,
      (pg_total_relation_size(${table}::regclass) + coalesce((select sum(pg_total_relation_size(relid)) from pg_partition_tree(${table}::regclass)
        where parentrelid is not null), 0))::int as bytes`;
  return row ?? { rows: 0, bytes: 0 };
}

const server = await startMeasuredServer();
process.env.SOMA_TEST_DATABASE_URL = server.url;
try {
  const harness = await createEngineHarness([carrying], { limits: { maxSteps: steps + 1 } });
  await harness.startWorker();
  const { runId } = await harness.start({ graph: "carrying" });
  await harness.finished(runId);
  const { owner } = harness.database;
  await copyWhole(owner, await harness.history(runId));
  console.log("| table | rows | bytes |\n| --- | --- | --- |");
  for (const table of ["journal", "big_value", "big_value_use", "whole"]) {
    const size = await sizeOf(owner, table);
    console.log(`| ${table} | ${size.rows} | ${size.bytes} |`);
  }
  await harness.close();
} finally {
  await server.stop();
}
