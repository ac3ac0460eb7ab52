import { newId } from "@soma/shared/ids";
import { connect } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runsMigrations } from "../migrate.ts";

const RUNS = 16;
const STRESS_MS = 4_000;

/** The tempting form: one statement that locks the worker's row and checks the run's epoch. It must be caught by the same test. */
const BROKEN = (sql: string): string =>
  sql
    .replace("create function commit_batch", "create or replace function commit_batch")
    .replace(
      "  perform pg_advisory_xact_lock_shared(2, p_no);\n  return query\n  with w as (select 1 from worker where",
      "  return query\n  with w as (select 1 from worker where",
    )
    .replace("worker.state in (1, 2)),", "worker.state in (1, 2) for share),");

describe("commit_batch()", () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase("fence", await runsMigrations());
    await database.owner`create table stolen (run_id uuid, epoch int, seq int)`;
    await database.owner`grant insert on stolen to soma_worker`;
  });
  afterAll(() => database.close());

  it("accepts no row of a worker whose run was taken away, whatever the timing", { timeout: 60_000 }, async () => {
    const { commits, steals, stale } = await stress();
    expect(commits).toBeGreaterThan(200);
    expect(steals).toBeGreaterThan(20);
    expect(stale).toBe(0);
  });

  it("would be caught if it checked and wrote in one statement without its lock", { timeout: 60_000 }, async () => {
    const source = (await runsMigrations()).find((migration) => migration.name.includes("parked-runs"))?.sql ?? "";
    const broken = BROKEN(
      source.slice(
        source.indexOf("create function commit_batch"),
        source.indexOf("-- Parked and paused runs that are due"),
      ),
    );
    expect(broken).not.toContain("advisory");
    await database.owner.unsafe(broken);
    await database.owner.unsafe("grant update on worker, run to soma_worker");
    let stale = 0;
    for (let attempt = 0; attempt < 4 && stale === 0; attempt += 1) stale += (await stress()).stale;
    expect(stale).toBeGreaterThan(0);
  });

  /**
   * Two workers write, and runs are taken from them as fast as can be. Each taking notes how long the history is, with the
   * owner's lock held; a stale row is one that came after that under an older epoch: its writer had lost the run.
   */
  async function stress(): Promise<{ commits: number; steals: number; stale: number }> {
    await database.owner`truncate journal, run, session, worker, stolen cascade`;
    const sessionId = newId();
    await database.owner`insert into session values ('acme', ${sessionId}, 'test')`;
    const runs = Array.from({ length: RUNS }, () => newId());
    for (const id of runs) {
      await database.owner`insert into run (run_id, tenant, session_id, graph, graph_version, graph_hash, role, model_profile, input, started_by, deadline, idem_key, idem_digest, trace_parent)
        values (${id}, 'acme', ${sessionId}, 'g', 1, 'h', 'r', 'm', '{}', 'u', now() + interval '1 hour', ${id}, '', '')`;
    }
    const workers = await Promise.all(
      [0, 1].map(async () => {
        const [row] = await database.owner<
          { worker_id: string; no: number }[]
        >`insert into worker (worker_id, slots, build, lease_until) values (${newId()}, 1, 'b', now() + interval '1 hour') returning worker_id, no`;
        if (row === undefined) throw new Error("no worker");
        return row;
      }),
    );
    const pool = connect({
      url: database.urls.worker,
      schema: database.schema,
      applicationName: "fence-stress",
      max: 8,
    });
    const end = performance.now() + STRESS_MS;
    const counts = { commits: 0, steals: 0 };

    /** Takes a run the way a take-over does: the owner's lock first, in a statement of its own. */
    async function steal(): Promise<void> {
      while (performance.now() < end) {
        const run = runs[Math.floor(Math.random() * RUNS)] ?? "";
        const [thief] = workers.toSorted(() => Math.random() - 0.5);
        await transaction(pool, {}, async (tx) => {
          const [owner] = await tx<
            { no: number | null }[]
          >`select w.no from run r left join worker w on w.worker_id = r.worker_id where r.run_id = ${run}`;
          if (typeof owner?.no === "number") await tx`select pg_advisory_xact_lock(2, ${owner.no}::int)`;
          const [taken] = await tx<
            { epoch: number }[]
          >`update run set epoch = epoch + 1, status = 1, worker_id = ${thief?.worker_id ?? ""}
            where run_id = ${run} and worker_id is not distinct from (select worker_id from worker where no = ${owner?.no ?? -1}) returning epoch`;
          if (taken !== undefined)
            await tx`insert into stolen select ${run}, ${taken.epoch}, coalesce(max(seq), 0) from journal where run_id = ${run}`;
        });
        counts.steals += 1;
      }
    }

    /** Writes for what it believes it owns, two batches at a time; what it believes is read before and may be old by now. */
    async function write(worker: { worker_id: string; no: number }): Promise<void> {
      while (performance.now() < end) {
        const owned = await pool<{ run_id: string; epoch: number; seq: number }[]>`
          select r.run_id, r.epoch, coalesce((select max(seq) from journal j where j.run_id = r.run_id), 0) + 1 as seq from run r where r.worker_id = ${worker.worker_id}`;
        if (owned.length === 0) continue;
        const column = <T>(pick: (row: (typeof owned)[number]) => T): T[] => owned.map(pick);
        const done =
          await pool`select run_id from commit_batch(${worker.no}::int, ${worker.worker_id}::uuid, 1, ${column((r) => r.run_id)}::uuid[], ${column((r) => r.seq)}::int[],
          ${column((r) => r.epoch)}::int[], ${column(() => 10)}::smallint[], ${column(() => 1)}::int[], ${column(() => "n")}::text[], ${column(() => "t")}::text[], ${column(() => 1)}::smallint[],
          ${column(() => new Date().toISOString())}::timestamptz[], ${column(() => "{}")}::text[], ${column(() => "00")}::text[], ${column(() => "00")}::text[], ${column(() => null)}::smallint[], ${column(() => null)}::bigint[], ${column(() => null)}::text[], ${column(() => null)}::int[])`.catch(
            // Two lanes of one worker may number the same row; the journal's key refuses the second.
            (error: { code?: string }) =>
              error.code === "23505" || error.code === "40P01" ? [] : Promise.reject(error),
          );
        counts.commits += done.length;
      }
    }

    await Promise.all([steal(), steal(), ...workers.flatMap((worker) => [write(worker), write(worker)])]);
    await pool.end();
    const [row] = await database.owner<{ stale: number }[]>`
      select count(*)::int as stale from journal j where exists (select from stolen s where s.run_id = j.run_id and s.epoch > j.epoch and j.seq > s.seq)`;
    return { ...counts, stale: row?.stale ?? 0 };
  }
});
