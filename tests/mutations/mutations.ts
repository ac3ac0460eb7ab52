/** A fault that somebody could make one day, and the test that has to notice it. */
export interface Mutation {
  name: string;
  file: string;
  /** Exact texts, each once in the file, and what stands there instead. */
  edits: readonly (readonly [text: string, replacement: string])[];
  /** The file of the test, and a part of its title. */
  test: string;
  title: string;
  /** Left to `node tests/mutations/run.ts`: CI shows the same fault otherwise, or it takes long to be seen. */
  byHand?: true;
}

const RUNS = "subgraphs/runs";
const COMMIT = `${RUNS}/store/migrations/0037-lighter-commits.sql`;
const GIVE_BACK = `${RUNS}/store/migrations/0019-approvals-and-children.sql`;
const CLAIM = `${RUNS}/store/migrations/0023-fair-claims.sql`;
const TURNS = { test: `${RUNS}/store/fair-claims.pg.test.ts`, title: "keeps shares and caps whatever comes when" };
const ROLLBACK = `${RUNS}/store/migrations/0021-forks-and-rollbacks.sql`;
const FENCE = {
  test: `${RUNS}/engine/fence.pg.test.ts`,
  title: "accepts no row of a worker whose run was taken away",
};
const DURABLE_FIRST = {
  test: `${RUNS}/engine/durable-first.pg.test.ts`,
  title: "does not begin before the row that says so is durable",
};

/**
 * One text is changed at a time; what the tests of the engine do not notice there, they would not notice in a release
 * either.
 */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: "after a lost answer nobody hears what is asked of a run",
    file: `${RUNS}/engine/journal/commit-rows.ts`,
    edits: [["row.resolve(control);", "row.resolve(0);"]],
    test: `${RUNS}/testing/simulation/simulation.io.test.ts`,
    title: "whatever comes when",
    byHand: true,
  },
  {
    name: "an effect at most once begins in a process that was frozen",
    file: `${RUNS}/engine/execute/run-attempt.ts`,
    edits: [["spec.once === true && !(await context.isStillOurs())", "false"]],
    test: `${RUNS}/testing/simulation/simulation.io.test.ts`,
    title: "whatever comes when",
    byHand: true,
  },
  {
    name: "the fence is one statement with the commit",
    file: COMMIT,
    edits: [["  perform pg_advisory_xact_lock_shared(2, p_no);\n", ""]],
    ...FENCE,
    // The test of the fence has a broken one of its own, with its lock on the row of the worker.
    byHand: true,
  },
  {
    name: "a commit does not check the epoch",
    file: COMMIT,
    edits: [
      [
        "where r.epoch = t.epoch and r.worker_id = p_worker and r.status = 1\n                and exists",
        "where r.worker_id = p_worker and r.status = 1\n                and exists",
      ],
      ["cross join w\n              where r.epoch = t.epoch and", "cross join w\n              where"],
    ],
    ...FENCE,
  },
  {
    name: "a row is acknowledged before it is committed",
    file: `${RUNS}/engine/journal/commit-batcher.ts`,
    edits: [["        schedule();\n      });\n    },", "        schedule();\n        resolve(0);\n      });\n    },"]],
    ...DURABLE_FIRST,
  },
  {
    name: "an effect does not wait for what was written before it",
    file: `${RUNS}/engine/execute/run-attempt.ts`,
    edits: [["    await journal.barrier();\n  }\n  return attempt;", "  }\n  return attempt;"]],
    ...DURABLE_FIRST,
    byHand: true,
  },
  {
    name: "the begin of an effect is not written",
    file: `${RUNS}/engine/execute/run-attempt.ts`,
    edits: [
      [
        '    if (!goesOn) journal.write({ kind: "STEP_STARTED", step, payload: { summary, ...beganWith(scope), ...once } });\n',
        "",
      ],
    ],
    test: `${RUNS}/engine/at-most-once.pg.test.ts`,
    title: "is found out about after its process died",
    byHand: true,
  },
  {
    name: "hints are the truth: nobody looks for work by itself",
    file: `${RUNS}/engine/worker/incarnation.ts`,
    edits: [
      [
        'const claiming = loop("claim-runs", () => this.#claim(), 2_000);',
        'const claiming = startLoop({ name: "claim-runs", intervalMs: 3_600_000, log }, () => this.#claim());',
      ],
    ],
    test: `${RUNS}/engine/park.pg.test.ts`,
    title: "goes on when its time has come",
    byHand: true,
  },
  {
    name: "what a run achieved does not reset its recoveries",
    file: GIVE_BACK,
    edits: [["case when has_advanced(r.run_id, r.epoch) then 0 else r.fruitless + 1 end", "r.fruitless + 1"]],
    test: `${RUNS}/engine/worker/ownership.pg.test.ts`,
    title: "a run that goes forward is not blamed",
  },
  {
    name: "weights of tenants do nothing",
    file: CLAIM,
    edits: [["place + count(*) / weight", "place + count(*)"]],
    ...TURNS,
    byHand: true,
  },
  {
    name: "a tenant that comes back has saved up its turns",
    file: CLAIM,
    edits: [["greatest(coalesce(t.next, 0), line.place)", "coalesce(t.next, 0)"]],
    ...TURNS,
    byHand: true,
  },
  {
    name: "a second decision of a question is taken",
    file: `${RUNS}/commands/decide-approval.ts`,
    edits: [["  if (known === undefined) return false;", "  if (known !== undefined) return false;\n  return false;"]],
    test: `${RUNS}/engine/approvals.pg.test.ts`,
    title: "hears one decision of two at once",
    byHand: true,
  },
  {
    name: "a rollback takes rows of the history away",
    file: ROLLBACK,
    edits: [
      ["grant select, insert on journal to soma_definer;", "grant select, insert, delete on journal to soma_definer;"],
      [
        "create policy definer_rolls_back on",
        "create policy deletes on journal for delete to soma_definer using (true);\ncreate policy definer_rolls_back on",
      ],
      [
        "begin\n  insert into journal (run_id",
        "begin\n  delete from journal where journal.run_id = p_run and journal.seq = p_seq - 1;\n  insert into journal (run_id",
      ],
      [
        "      from run r cross join lateral (select * from journal x",
        "      from run r left join lateral (select * from journal x",
      ],
      ["limit 1) newest\n     where", "limit 1) newest on true\n     where"],
      ["and newest.branch < r.branch and newest.seq = p_seq - 1\n", "\n"],
    ],
    test: `${RUNS}/engine/rollback.pg.test.ts`,
    title: "lets a finished run go on: old rows stay",
    byHand: true,
  },
  {
    name: "a step in the database is committed apart from what it wrote",
    file: `${RUNS}/engine/journal/commit-together.ts`,
    edits: [
      [
        "      const row = await work(tx);",
        '      const row = await work(tx);\n      await tx.unsafe("commit; begin");',
      ],
    ],
    test: `${RUNS}/engine/in-database.pg.test.ts`,
    title: "writes nothing for a worker that lost the run meanwhile",
  },
];
