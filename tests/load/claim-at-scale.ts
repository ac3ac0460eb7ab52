/**
 * What a claim of eight runs reads beside a million runs of a hundred tenants, a tenth of which wait: the plan of the search that looks for
 * what is due, as EXPLAIN gives it from within the function, and the pages and rows that a whole claim touches. Fails where
 * the table of runs was scanned.
 *
 *   node_modules/.bin/node tests/load/claim-at-scale.ts [runs, 1000000 when left out]
 */
import { newId } from "@soma/shared/ids";
import { connect, type Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { createTestDatabase } from "@soma/shared/testing/database";
import { runsMigrations } from "../../subgraphs/runs/migrate.ts";
import { claimRuns } from "../../subgraphs/runs/store/claim-runs.ts";
import { registerWorker } from "../../subgraphs/runs/store/register-worker.ts";
import { fillManyRuns } from "../../subgraphs/runs/testing/fill-many-runs.ts";
import { startMeasuredServer } from "./engine/server.ts";

const total = Number(process.argv[2] ?? 1_000_000);
if (!Number.isInteger(total) || total < 1_000 || total > 10_000_000)
  throw new Error(`"${process.argv[2]}" is not a number of runs, 1000 to 10000000`);
const CLAIMS = 20;
/** Runs that one statement makes. */
const AT_ONCE = 20_000;

interface Touched {
  rows: number;
  pages: number;
  scans: number;
}

/** Of the table of runs and its indexes, in this transaction so far. */
async function touched(tx: Tx): Promise<Touched> {
  const [row] = await tx<Touched[]>`
    select sum(pg_stat_get_xact_tuples_returned(oid))::int as rows, sum(pg_stat_get_xact_blocks_fetched(oid))::int as pages,
      pg_stat_get_xact_numscans('run'::regclass)::int as scans
    from (select 'run'::regclass::oid union select indexrelid from pg_index where indrelid = 'run'::regclass) each(oid)`;
  return row ?? { rows: 0, pages: 0, scans: 0 };
}

const server = await startMeasuredServer();
process.env.SOMA_TEST_DATABASE_URL = server.url;
const database = await createTestDatabase("load", await runsMigrations());
const { worker, owner, urls, schema } = database;
try {
  const life = await registerWorker(worker, { workerId: newId(), slots: 8, build: "load", leaseMs: 3_600_000 });
  const claim = (tx: Tx) => claimRuns(tx, { owner: life, graphs: ["g@1#h"], slots: 8 });
  for (let left = total; left > 0; left -= AT_ONCE) {
    const count = Math.min(left, AT_ONCE);
    await transaction(owner, {}, async (tx) => {
      await tx`set local statement_timeout = 0`;
      await fillManyRuns(tx, { ended: Math.floor(count * 0.9), waiting: Math.ceil(count * 0.1) });
    });
  }
  await owner`vacuum analyze run`;
  const plan = await transaction(owner, {}, async (tx) => {
    await tx`set local enable_seqscan = off`;
    return tx<{ "QUERY PLAN": string }[]>`explain (analyze, buffers, costs off, timing off, summary off)
      select r.tenant, r.priority, r.graph, r.graph_version, r.graph_hash from run r
       where r.status in (0, 2, 3, 4) and r.fruitless < 2 and not r.behind and r.tenant > 'tenant-5'
       order by r.tenant, r.priority, r.graph, r.graph_version, r.graph_hash limit 1`;
  });
  console.log(plan.map((line) => line["QUERY PLAN"]).join("\n"));
  const sql = connect({ url: urls.worker, schema, applicationName: "load-claims", max: 1 });
  const claims: (Touched & { ms: number })[] = [];
  for (let i = 0; i < CLAIMS; i += 1)
    claims.push(
      await transaction(sql, {}, async (tx) => {
        const before = await touched(tx);
        const beganAt = performance.now();
        await claim(tx);
        const ms = performance.now() - beganAt;
        const after = await touched(tx);
        return {
          rows: after.rows - before.rows,
          pages: after.pages - before.pages,
          scans: after.scans - before.scans,
          ms,
        };
      }),
    );
  await sql.end({ timeout: 2 });
  const most = (pick: (claim: Touched & { ms: number }) => number): number => Math.max(...claims.map(pick));
  const figures = {
    runs: total,
    claims: CLAIMS,
    of: 8,
    scans: most((c) => c.scans),
    rows: most((c) => c.rows),
    pages: most((c) => c.pages),
  };
  console.log(JSON.stringify({ ...figures, ms: claims.map(({ ms }) => Number(ms.toFixed(1))) }));
  if (figures.scans > 0) throw new Error(`${figures.scans} scans of the table of runs by one claim`);
} finally {
  await database.close();
  await server.stop();
}
