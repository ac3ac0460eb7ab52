import { badCallOf } from "@soma/schemas/bad-call";
import { EVENT_KIND, type EventKind } from "@soma/schemas/run-history";
import { newId } from "@soma/shared/ids";
import { migrate } from "@soma/shared/postgres/migrate";
import { transaction } from "@soma/shared/postgres/transaction";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runsMigrations } from "../migrate.ts";
import { countBadCalls } from "./count-bad-calls.ts";

/** Ends of a step in every combination that the rule looks at, and some that it must not trip over. */
const STATUSES = [
  "SUCCEEDED",
  "TRUNCATED",
  "FAILED",
  "TIMED_OUT",
  "CANCELED",
  "UNKNOWN",
  "DENIED",
  "WELL",
  7,
  null,
  ["FAILED"],
];
const CUTS = ["length", "content_filter", "stop", 7, null];
const PAYLOADS = [
  ...STATUSES.map((status) => ({ output: { status } })),
  ...CUTS.map((cut) => ({ output: { cut } })),
  {},
  { output: "FAILED" },
  { output: null },
];

describe("the view bad_call", () => {
  let database: TestDatabase;
  const runs: { runId: string; type: EventKind; nodeType: string | null; payload: object }[] = [];
  const long = newId("Run");

  /** Every run was there before its bad calls were counted: the view comes with a later migration. */
  beforeAll(async () => {
    const migrations = await runsMigrations();
    const before = migrations.findIndex(({ name }) => name.includes("bad-calls"));
    database = await createTestDatabase("runs", migrations.slice(0, before));
    for (const type of Object.keys(EVENT_KIND) as EventKind[])
      for (const nodeType of ["tool", "policy", "model", null])
        for (const payload of PAYLOADS) runs.push({ runId: newId("Run"), type, nodeType, payload });
    const session = newId("Session");
    await database.owner`insert into session (tenant, session_id, created_by) values ('acme', ${session}, 'user:ada')`;
    await database.owner`insert into run (run_id, tenant, session_id, graph, graph_version, graph_hash, role, model_profile, input, started_by,
        deadline, idem_key, idem_digest, trace_parent)
      select run_id, 'acme', ${session}, 'g', 1, 'h', 'r', 'm', '{}', 'u', now(), run_id, '', ''
        from unnest(${[long, ...runs.map(({ runId }) => runId)]}::uuid[]) r(run_id)`;
    await database.owner`insert into journal ${database.owner(
      runs.map(({ runId, type, nodeType, payload }) => row(runId, 1, EVENT_KIND[type], nodeType, payload)),
    )}`;
    for (let from = 1; from <= 20_000; from += 2_000)
      await database.owner`insert into journal ${database.owner(
        Array.from({ length: 2_000 }, (_, at) =>
          row(long, from + at, at === 7 ? 11 : 21, "tool", { output: { status: at === 7 ? "FAILED" : "" } }),
        ),
      )}`;
    await migrate(database.owner, database.schema, migrations);
    await database.owner`analyze journal`;
  });
  afterAll(() => database.close());

  const row = (runId: string, seq: number, kind: number, nodeType: string | null, payload: object) => ({
    run_id: runId,
    seq,
    tenant: "acme",
    epoch: 1,
    branch: 0,
    kind,
    step: 1,
    node: "n",
    node_type: nodeType,
    attempt: 1,
    at: new Date(),
    payload: database.owner.json(payload as never),
    payload_hash: Buffer.alloc(32),
    hash: Buffer.alloc(32),
  });
  const count = (runIds: string[], tenant = "acme") =>
    transaction(database.request, { tenant }, (tx) => countBadCalls(tx, { runIds }));

  it("says of every end of a step what badCallOf() says, of runs that are older than it too", async () => {
    const counts = await count(runs.map(({ runId }) => runId));
    const wrong = runs.filter((run) => {
      const { failed = 0, denied = 0, cut = 0 } = counts.get(run.runId) ?? {};
      const found = badCallOf(run);
      const told = [failed, denied, cut].map(Number).join();
      return told !== ["FAILED", "DENIED", "CUT"].map((bad) => Number(found === bad)).join();
    });
    expect(wrong).toEqual([]);
    expect(counts.size).toBeGreaterThan(10);
  });

  it("shows a tenant nothing of another one", async () => {
    expect(await count([long], "other")).toEqual(new Map());
    expect(await count([long])).toEqual(new Map([[long, { failed: 10, denied: 0, cut: 0 }]]));
  });

  it("costs what is wrong with a run, not what is in it", async () => {
    const plan = await transaction(
      database.request,
      { tenant: "acme" },
      (tx) =>
        tx<
          { "QUERY PLAN": [{ Plan: Plan }] }[]
        >`explain (analyze, format json) select count(*) from bad_call where run_id = ${long}`,
    );
    const read = (node: Plan): number =>
      Math.max(
        node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0) + (node["Rows Removed by Index Recheck"] ?? 0),
        ...(node.Plans ?? []).map(read),
      );
    expect(read(plan[0]?.["QUERY PLAN"][0].Plan as Plan)).toBe(10);
  });
});

interface Plan {
  "Actual Rows": number;
  "Rows Removed by Filter"?: number;
  "Rows Removed by Index Recheck"?: number;
  Plans?: Plan[];
}
