import { createRequestContext } from "@soma/shared/graphql/context";
import type { PageArgs } from "@soma/shared/graphql/page";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { aPrincipal } from "@soma/shared/testing/principals";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listRunInvocations } from "../store/list-run-invocations.ts";
import { createToolsFixture, type ToolsFixture } from "../testing/fixture.ts";
import { aTool } from "../testing/tools.ts";
import { invocationConnection } from "./invocation-connection.ts";

const run = newId("Run");
const other = newId("Run");
let fixture: ToolsFixture;

beforeAll(async () => {
  fixture = await createToolsFixture("tools_pages");
  const runner = await fixture.start([aTool("echo", () => "")]);
  for (const [runId, keys] of [
    [run, ["a", "b", "c", "d", "e"]],
    [other, ["x", "y"]],
  ] as const)
    for (const idempotencyKey of keys) await runner.invoke({ tool: "echo", args: {}, idempotencyKey, runId });
  // Places that a millisecond cannot tell apart, and two that only their ids can.
  for (const [key, micros] of Object.entries({ a: 1, b: 2, c: 3, d: 3, e: 4 }))
    await fixture.database.owner`update invocation
      set started_at = timestamptz '2026-01-01 00:00:00.000000Z' + ${micros} * interval '1 microsecond'
      where idempotency_key = ${key}`;
});
afterAll(() => fixture.close());

const aContext = () => createRequestContext({ principal: aPrincipal(), requestId: "r", log: createSilentLog() });

async function page(args: PageArgs, runId = run) {
  const { edges, nodes, pageInfo } = await invocationConnection(fixture.database.request, aContext(), runId, args);
  expect(edges.map(({ node }) => node)).toEqual(nodes);
  const cursors = [pageInfo.startCursor, pageInfo.endCursor];
  expect(cursors).toEqual([edges[0]?.cursor ?? null, edges.at(-1)?.cursor ?? null]);
  return {
    keys: nodes.map((row) => row.idempotencyKey),
    more: [pageInfo.hasPreviousPage, pageInfo.hasNextPage],
    start: pageInfo.startCursor,
    end: pageInfo.endCursor,
  };
}

/** Keys of the run, oldest first; of those of one moment, the smaller id first. */
async function ordered(): Promise<string[]> {
  const rows = await fixture.database.owner<{ key: string }[]>`select idempotency_key as key from invocation
    where run_id = ${run} order by started_at, invocation_id`;
  return rows.map(({ key }) => key);
}

/** The database, with every statement as `rewrite` gives it back. */
function rewriting(sql: Sql, rewrite: (statement: string) => string): Sql {
  const rewritten = (tx: Tx) =>
    new Proxy(tx, {
      apply(target, self, [strings, ...values]: [TemplateStringsArray, ...unknown[]]) {
        const [head = "", ...tail] = strings;
        // Fragments of a statement begin otherwise.
        const texts = head.startsWith("select") ? [rewrite(head), ...tail] : [...strings];
        return Reflect.apply(target, self, [Object.assign(texts, { raw: texts }), ...values]);
      },
    });
  return new Proxy(sql, {
    get: (target, name, receiver) =>
      name === "reserve" ? async () => rewritten(await target.reserve()) : Reflect.get(target, name, receiver),
  });
}

describe("invocationConnection()", () => {
  it("goes through a run from the oldest to the newest, and back", async () => {
    const keys = await ordered();
    expect(keys.toSorted()).toEqual(["a", "b", "c", "d", "e"]);
    const forward = [];
    for (let after: string | null = null, more = true; more; ) {
      const { end, ...seen } = await page({ first: 2, after });
      forward.push(...seen.keys);
      [, more = false] = seen.more;
      after = end;
    }
    expect(forward).toEqual(keys);
    const backward = [];
    for (let before: string | null = null, more = true; more; ) {
      const { start, ...seen } = await page({ last: 2, before });
      backward.unshift(...seen.keys);
      [more = false] = seen.more;
      before = start;
    }
    expect(backward).toEqual(keys);
  });

  it("says at its borders whether more is there", async () => {
    const keys = await ordered();
    expect(await page({})).toMatchObject({ keys, more: [false, false] });
    expect(await page({ first: 5 })).toMatchObject({ keys, more: [false, false] });
    const two = await page({ first: 2 });
    expect(two).toMatchObject({ keys: keys.slice(0, 2), more: [false, true] });
    const four = await page({ first: 4 });
    expect(await page({ after: two.start, before: four.end })).toMatchObject({
      keys: keys.slice(1, 3),
      more: [true, false],
    });
    expect(await page({ last: 1, before: two.end })).toMatchObject({ keys: keys.slice(0, 1), more: [false, true] });
    const end = await page({ last: 1 });
    expect(end).toMatchObject({ keys: keys.slice(4), more: [true, false] });
    expect(await page({ first: 1, after: end.end })).toEqual({ keys: [], more: [true, false], start: null, end: null });
  });

  it("is empty for a run without invocations, for another tenant's, and for what is no run", async () => {
    const empty = { keys: [], more: [false, false], start: null, end: null };
    expect(await page({}, newId("Run"))).toEqual(empty);
    expect(await page({}, "no run")).toEqual(empty);
    const theirs = createRequestContext({
      principal: aPrincipal({ tenant: "other" }),
      requestId: "r",
      log: createSilentLog(),
    });
    expect((await invocationConnection(fixture.database.request, theirs, run, {})).nodes).toEqual([]);
  });

  it("takes 1 to 200 and cursors of this list, also for what is no run", async () => {
    const id = newId("Invocation");
    for (const cursor of ["", "nonsense", id, `.${id}`, `1.${"0".repeat(36)}`, `12345678901234567.${id}`, `-1.${id}`])
      for (const args of [{ after: cursor }, { last: 1, before: cursor }])
        await expect(page(args), cursor).rejects.toMatchObject({ code: "CURSOR_INVALID" });
    for (const args of [{ first: 0 }, { first: 201 }, { last: 201 }, { first: 1, last: 1 }])
      await expect(page(args, "no run"), JSON.stringify(args)).rejects.toMatchObject({ code: "BAD_INPUT" });
    expect((await page({ first: 200, after: `9999999999999999.${id}` })).keys).toEqual([]);
  });

  it("asks once for all runs with the same page, and once more for each other page", async () => {
    const said: string[] = [];
    const sql = rewriting(fixture.database.request, (statement) => {
      said.push(statement);
      return statement;
    });
    const context = aContext();
    const ask = (runId: string, args: PageArgs) => invocationConnection(sql, context, runId, args);
    const [first, second, none, newest, again] = await Promise.all([
      ask(run, { first: 2 }),
      ask(other, { first: 2 }),
      ask(newId("Run"), { first: 2 }),
      ask(other, { last: 1 }),
      ask(run, { first: 2 }),
    ]);
    expect(said).toHaveLength(2);
    expect(first.nodes.map((row) => row.runId)).toEqual([run, run]);
    expect(again).toEqual(first);
    expect(second.nodes.map((row) => row.idempotencyKey)).toEqual(["x", "y"]);
    expect(none.nodes).toEqual([]);
    expect(newest.nodes.map((row) => row.idempotencyKey)).toEqual(["y"]);
  });
});

describe("listRunInvocations()", () => {
  it("walks the index of runs, in both directions and between two places, and reads no row it does not give", async () => {
    const { owner, request } = fixture.database;
    const many = newId("Run");
    await owner`insert into invocation (tenant, invocation_id, idempotency_key, actor, tool, tool_version, effect,
        isolation, args, args_digest, decision_id, run_id, trace_id, executor_id, started_at)
      select 'acme', gen_random_uuid(), 'many ' || n, 'user:ada', 'echo', '1', 'pure', 'none', '{}', '',
        gen_random_uuid(), ${many}, '', gen_random_uuid(), timestamptz '2026-01-01Z' + n * interval '1 second'
      from generate_series(1, 5000) n`;
    await owner`analyze invocation`;
    const at = (second: number) => ({
      startedMicros: String((Date.UTC(2026, 0, 1) + second * 1_000) * 1_000),
      invocationId: "00000000-0000-7000-8000-000000000000",
    });
    const pages: Omit<Parameters<typeof listRunInvocations>[1], "tenant" | "owners" | "limit">[] = [
      { backward: false },
      { backward: true },
      { backward: false, after: at(2_000), before: at(4_000) },
      { backward: true, after: at(1_000), before: at(3_000) },
    ];
    const explained = rewriting(request, (statement) => `explain analyze ${statement}`);
    for (const params of pages) {
      const rows: unknown[] = await transaction(explained, { tenant: "acme" }, (tx) =>
        listRunInvocations(tx, { tenant: "acme", owners: [many, run], limit: 11, ...params }),
      );
      const plan = rows.map((row) => Object.values(row as object)[0]).join("\n");
      const walk = params.backward ? "Index Scan Backward" : "Index Scan";
      expect(plan).toContain(`${walk} using invocation_by_run`);
      expect(plan).not.toMatch(/Seq Scan|Bitmap|Rows Removed/);
      const [, each, loops] = /invocation_by_run .* rows=([\d.]+) loops=(\d+)/.exec(plan) ?? [];
      expect(Number(each) * Number(loops)).toBeLessThanOrEqual(2 * 11);
    }
  });
});
