import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parallel } from "@soma/sdk/branches";
import { graph, replaced } from "@soma/sdk/graph";
import { inDatabase } from "@soma/sdk/in-database";
import type { StepSql } from "@soma/sdk/step-sql";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RUN_STATUS } from "../domain/run-status.ts";
import { migrateProject } from "../migrate-project.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";
import { faultsOf } from "../testing/history-oracle.ts";

/** What the step of a test does, and how often it began. */
const bench = {
  began: 0,
  work: async (_sql: StepSql, _stepId: string): Promise<unknown> => null,
  /** What the branch beside it waits for. */
  written: Promise.withResolvers<void>(),
};

const node = inDatabase<{ readonly told: string }>({
  type: "ledger",
  retry: { maxAttempts: 2, initialMs: 1, maxMs: 1 },
  async run(_state, sql, { stepId }) {
    bench.began += 1;
    return { summary: "booked", patch: { told: JSON.stringify(await bench.work(sql, stepId)) } };
  },
});
const booker = graph("booker", 1, { told: replaced("") })
  .node("book", node)
  .build(({ told }) => told);
const talker = graph("talker", 1, {})
  .node("say", {
    type: "tool",
    async run() {
      await bench.written.promise;
      return { summary: "one" };
    },
  })
  .node("more", { type: "tool", run: () => ({ summary: "two" }) })
  .edge("say", "more")
  .build(() => "");
const both = graph("both", 1, { told: replaced("") })
  .node(
    "both",
    parallel({
      branches: { one: { graph: booker }, two: { graph: booker }, three: { graph: talker } },
      join: ({ one, two }) => ({ summary: "", patch: { told: `${one.told} ${two.told}` } }),
    }),
  )
  .build(({ told }) => told);

const book = (sql: StepSql, stepId: string) => sql`insert into ledger (entry, amount) values (${stepId}, ${4})`;

describe("a step in the database", () => {
  let harness: EngineHarness;
  let tables: string;
  beforeAll(async () => {
    harness = await createEngineHarness([booker, both]);
    tables = await mkdtemp(join(tmpdir(), "soma-tables-"));
    await writeFile(
      join(tables, "0001-ledger.sql"),
      "create table ledger (tenant text not null default current_setting('soma.tenant'), entry text, amount int not null, primary key (tenant, entry));" +
        "create view booked as select * from ledger; grant select on booked to public;" +
        "create materialized view kept as select * from ledger; grant select on kept to public",
    );
    await migrateProject(harness.database.owner, harness.database.schema, tables);
  });
  beforeEach(async () => {
    Object.assign(bench, { began: 0, work: book, written: Promise.withResolvers() });
    await harness.database.owner.unsafe(`truncate "${harness.database.schema}_project".ledger`);
  });
  afterAll(async () => {
    await harness.database.owner.unsafe(`drop schema "${harness.database.schema}_project" cascade`);
    await harness.close();
    await rm(tables, { recursive: true });
  });

  const entries = async (): Promise<{ tenant: string; entry: string; amount: number }[]> =>
    harness.database.owner.unsafe(`select * from "${harness.database.schema}_project".ledger order by 1, 2`);
  const ended = async (runId: string) => {
    const { status } = await harness.finished(runId);
    const history = await harness.history(runId);
    expect(faultsOf(history)).toEqual([]);
    return { status, last: history.at(-1)?.payload, history };
  };
  async function told(work: typeof bench.work): Promise<unknown> {
    bench.work = work;
    const { life } = await harness.startWorker();
    const { last } = await ended((await harness.start({ graph: "booker" })).runId);
    await life.close();
    return last?.error ?? JSON.parse(String(last?.answer));
  }

  it("is committed with its result, whoever died before: what was written then is gone", async () => {
    bench.work = async (sql, stepId) => {
      await book(sql, stepId);
      // The first attempt hangs after its statement.
      if (bench.began === 1) await new Promise(() => {});
      return sql`select amount from ledger`;
    };
    const first = await harness.startWorker();
    const { runId } = await harness.start({ graph: "booker" });
    await until("it has written", () => bench.began === 1);
    const gone = first.kill();
    const second = await harness.startWorker();
    const { status, last } = await ended(runId);
    expect(status).toBe(RUN_STATUS.SUCCEEDED.code);
    expect(last?.answer).toBe('[{"amount":4}]');
    expect(await entries()).toEqual([{ tenant: "acme", entry: `${runId}.1`, amount: 4 }]);
    expect(bench.began).toBe(2);
    await Promise.all([gone, second.life.close()]);
  });

  it("writes nothing for a worker that lost the run meanwhile", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    bench.work = async (sql, stepId) => {
      await book(sql, `${stepId} by ${bench.began}`);
      if (bench.began === 1) await promise;
    };
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "booker" });
    await until("it has written", () => bench.began === 1);
    const [owner] = await harness.database.owner<{ no: number; workerId: string }[]>`
      select no, worker_id as "workerId" from worker where worker_id = (select worker_id from run where run_id = ${runId})`;
    await harness.database.worker`select take_over_worker(${owner?.no ?? 0}::int, ${owner?.workerId ?? ""}::uuid)`;
    resolve();
    const second = await harness.startWorker();
    await ended(runId);
    expect(await entries()).toEqual([{ tenant: "acme", entry: `${runId}.1 by 2`, amount: 4 }]);
    await Promise.all([life.close(), second.life.close()]);
  });

  it("is read in its history when the answer to its commit was lost", async () => {
    await harness.database.owner.unsafe(`
      create function cut() returns trigger language plpgsql as $$ begin perform pg_sleep(0.2); return null; end $$;
      create constraint trigger cut after insert on "${harness.database.schema}_project".ledger deferrable initially deferred
        for each row execute function cut()`);
    const { kill } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "booker" });
    const committing = () =>
      harness.database.owner`select from pg_stat_activity where query = 'commit' and state = 'active'`;
    await until("it commits", async () => (await committing()).length === 1);
    const gone = kill();
    const second = await harness.startWorker();
    const { status } = await ended(runId);
    await harness.database.owner.unsafe(`drop function cut() cascade`);
    expect(status).toBe(RUN_STATUS.SUCCEEDED.code);
    expect(await entries()).toHaveLength(1);
    expect(bench.began).toBe(1);
    await Promise.all([gone, second.life.close()]);
  });

  it("stands among the steps of branches beside it, in one history", async () => {
    bench.work = async (sql, stepId) => {
      await book(sql, stepId);
      // Its transaction is older than what the branch beside it commits from here on.
      bench.written.resolve();
      const [runId = ""] = stepId.split(".");
      const ends = () =>
        harness.database.owner`select from journal where run_id = ${runId} and kind = 11 and node_type = 'tool'`;
      await until("the branch beside it is done", async () => (await ends()).length === 2);
      return bench.began;
    };
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "both" });
    const { status } = await ended(runId);
    expect(status).toBe(RUN_STATUS.SUCCEEDED.code);
    expect(await entries()).toHaveLength(2);
    // The order in which the relay publishes.
    const rows = await harness.database.owner`select seq from journal where run_id = ${runId} order by xid, seq`;
    expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, at) => at + 1));
    await life.close();
  });

  it("fails when a statement failed, though its error was caught, and leaves nothing", async () => {
    const error = await told(async (sql, stepId) => {
      await book(sql, stepId);
      await book(sql, stepId).catch(() => {});
    });
    expect(error).toMatchObject({ code: "STEP_REFUSED", message: expect.stringContaining("duplicate key") });
    expect(await entries()).toEqual([]);
    expect(bench.began).toBe(1);
  });

  it("fails, once and with the reason, when the database refuses its commit", async () => {
    const ledger = `"${harness.database.schema}_project".ledger`;
    await harness.database.owner.unsafe(
      `alter table ${ledger} add constraint same unique (amount) deferrable initially deferred`,
    );
    const error = await told(
      (sql, stepId) => sql`insert into ledger (entry, amount) values (${stepId}, 4), (${`${stepId} again`}, 4)`,
    );
    await harness.database.owner.unsafe(`alter table ${ledger} drop constraint same`);
    expect(error).toMatchObject({ code: "STEP_REFUSED", message: expect.stringContaining('constraint "same"') });
    expect([await entries(), bench.began]).toEqual([[], 1]);
  });

  it("sees the rows of its tenant and no others, through a view as well", async () => {
    const { life } = await harness.startWorker();
    const other = await harness.start({ graph: "booker" }, aPrincipal({ tenant: "other" }));
    await until(
      "it is done",
      async () => (await harness.find(other.runId, "other"))?.status === RUN_STATUS.SUCCEEDED.code,
    );
    await life.close();
    expect(await told((sql) => sql`select entry from ledger`)).toEqual([]);
    expect(await told((sql) => sql`select entry from booked`)).toEqual([]);
    expect(await told((sql) => sql`select entry from kept`)).toMatchObject({
      message: expect.stringContaining("permission denied for materialized view kept"),
    });
    expect(await told((sql) => sql`insert into ledger values ('other', 'mine', 1)`)).toMatchObject({
      code: "STEP_REFUSED",
      message: expect.stringContaining("row-level security"),
    });
  });

  it("writes null where a number may stand, and leaves no setting and no lock behind", async () => {
    expect(await told((sql) => sql`select ${null}::int is null as "isNull", ${1} + ${null} is null as "sum"`)).toEqual([
      { isNull: true, sum: true },
    ]);
    const { life } = await harness.startWorker();
    const say = async (work: typeof bench.work): Promise<unknown> => {
      bench.work = work;
      return JSON.parse(String((await ended((await harness.start({ graph: "booker" })).runId)).last?.answer));
    };
    await say((sql) => sql`select pg_advisory_lock(77), set_config('lock_timeout', '1', false)`);
    const locks = () => harness.database.owner`select from pg_locks where locktype = 'advisory' and objid = 77`;
    // Of two connections, whichever is taken next.
    for (let tries = 0; tries < 10 && (await locks()).length > 0; tries += 1)
      expect(await say((sql) => sql`select current_setting('lock_timeout') as ms`)).toEqual([{ ms: "0" }]);
    expect((await locks()).length).toBe(0);
    await life.close();
  });

  it("reaches nothing but those", async () => {
    const nothingElse = (text: string): [string, RegExp] => [text, /one select, insert, update, delete or merge/];
    const refusals: [string, RegExp][] = [
      ["select * from run", /relation "run" does not exist.*tables\/0001/],
      ["select * from SCHEMA.run", /permission denied for schema/],
      ["select set_config('role', 'soma_worker', true)", /cannot set parameter "role"/],
      ...["set role soma_worker", "commit", "create table mine (tenant text)", "drop owned by soma_project"].map(
        nothingElse,
      ),
      ...["alter table ledger disable row level security", "copy ledger to '/tmp/x'", "lock ledger"].map(nothingElse),
      nothingElse("insert into ledger (entry, amount) values ('x', 1); select 1"),
      ["select repeat('x', 1000) from generate_series(1, 2000)", /more than 1048576 bytes/],
    ];
    const { life } = await harness.startWorker();
    for (const [statement, message] of refusals) {
      const text = statement.replace("SCHEMA", harness.database.schema);
      bench.work = (sql) => sql(Object.assign([text], { raw: [text] }));
      const { last } = await ended((await harness.start({ graph: "booker" })).runId);
      expect(last?.error).toMatchObject({ code: "STEP_REFUSED", message: expect.stringMatching(message) });
    }
    await life.close();
  });

  it("is refused tables that do not say whose a row is, and takes the next try", async () => {
    const { owner, schema } = harness.database;
    await writeFile(join(tables, "0002-more.sql"), "create table more (entry text)");
    await expect(migrateProject(owner, schema, tables)).rejects.toThrow(
      'tables of the project have no column "tenant": more;',
    );
    await writeFile(join(tables, "0002-more.sql"), "create table more (tenant text, entry text)");
    expect(await migrateProject(owner, schema, tables)).toBe(1);
    expect(await told((sql) => sql`select * from more`)).toEqual([]);
  });

  it("is lent its tables as they should be, whatever a file made of that, and they are left alone then", async () => {
    const { owner, schema } = harness.database;
    const loose = "drop policy tenant_rows on ledger; create policy tenant_rows on ledger using (true)";
    await writeFile(join(tables, "0003-loose.sql"), `alter table ledger disable row level security; ${loose}`);
    const findPolicies = () =>
      owner`select oid from pg_policy where polrelid = ${`"${schema}_project".ledger`}::regclass`;
    await migrateProject(owner, schema, tables);
    const lent = await findPolicies();
    await owner.unsafe(`insert into "${schema}_project".ledger values ('other', 'theirs', 1)`);
    expect(await told((sql) => sql`select entry from ledger`)).toEqual([]);
    expect(await migrateProject(owner, schema, tables)).toBe(0);
    expect(await findPolicies()).toEqual(lent);
  });
});
