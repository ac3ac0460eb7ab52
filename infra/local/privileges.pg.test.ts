import { newId } from "@soma/shared/ids";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SCHEMAS } from "./parts.ts";

/** Functions a role may call in a subgraph's schema; all others are nobody's. */
const CALLABLE: Readonly<Record<string, readonly string[]>> = {
  soma_request: [
    ...["append_rollback", "begin_runs", "erase_payloads", "forget_some", "in_effect", "keep_values", "lineage"],
    ...["order_erasure", "own_outbox", "plus", "search_memories", "search_tokens", "seize_run", "session_lineage"],
  ],
  soma_worker: [
    ...["begin_runs", "claim_runs", "commit_batch", "delete_retired", "erase_payloads", "first_due", "forget_some"],
    ...["give_turns", "has_advanced", "in_effect", "keep_values", "lineage", "project_sql", "queues_in_turn"],
    ...[
      "release_runs",
      "reserve_budget",
      "retire_runs",
      "room_of",
      "session_lineage",
      "set_aside",
      "set_back_run",
      "settle_budget",
      "share_of",
    ],
    ...["sweep_budget", "take_over_unheard", "take_over_worker", "tells_of", "text_in"],
  ],
};

describe("what the roles of a running system may do", () => {
  const databases: Record<string, TestDatabase> = {};

  beforeAll(async () => {
    for (const [name, part] of Object.entries(SCHEMAS))
      databases[name] = await createTestDatabase(name, await part.migrations());
  });
  afterAll(async () => {
    for (const database of Object.values(databases)) await database.close();
  });
  const of = (name: string): TestDatabase => databases[name] as TestDatabase;
  const refused = (work: Promise<unknown>) => expect(work).rejects.toMatchObject({ code: "42501" });

  it("functions with their owner's rights belong to a role without any others, and look at no table of a caller's", async () => {
    const schemas = Object.values(databases).map(({ schema }) => schema);
    const functions = await of("memory").owner<
      { name: string; schema: string; definer: boolean; owner: string; path: string[] | null }[]
    >`
      select p.proname as name, n.nspname as schema, p.prosecdef as definer, o.rolname as owner, p.proconfig as path
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_roles o on o.oid = p.proowner
      where n.nspname = any (${schemas}) order by p.proname`;
    expect(functions.length).toBeGreaterThanOrEqual(6);
    expect(functions.filter(({ definer }) => definer).map(({ name, owner }) => [name, owner])).toEqual([
      ["append_rollback", "soma_definer"],
      ["delete_retired", "soma_definer"],
      ["erase_payloads", "soma_definer"],
      ["forget_some", "soma_definer"],
      ["order_erasure", "soma_definer"],
      ["own_outbox", "soma_definer"],
      ["project_sql", "soma_project"],
      ["reserve_budget", "soma_definer"],
      ["retire_runs", "soma_definer"],
      ["search_memories", "soma_definer"],
      ["search_tokens", "soma_definer"],
      ["seize_run", "soma_definer"],
      ["settle_budget", "soma_definer"],
      ["sweep_budget", "soma_definer"],
    ]);
    for (const { name, schema, path } of functions) {
      const home = name === "project_sql" ? `${schema}_project` : schema;
      expect(path).toContain(`search_path=${home}, pg_temp`);
    }
    const roles = await of("memory").owner`select rolname, rolsuper, rolbypassrls, rolcanlogin from pg_roles
      where rolname in ('soma_definer', 'soma_project', 'soma_request', 'soma_worker') order by rolname`;
    expect(roles).toMatchObject([
      { rolname: "soma_definer", rolsuper: false, rolbypassrls: false, rolcanlogin: false },
      { rolname: "soma_project", rolsuper: false, rolbypassrls: false, rolcanlogin: false },
      { rolname: "soma_request", rolsuper: false, rolbypassrls: false },
      { rolname: "soma_worker", rolsuper: false, rolbypassrls: false },
    ]);
  });

  it.each(Object.keys(CALLABLE))("%s executes what it needs and no more", async (role) => {
    const found = await Promise.all(
      Object.values(databases).map(
        ({ owner, schema }) => owner<{ name: string }[]>`select p.proname as name from pg_proc p
          where p.pronamespace = ${schema}::regnamespace and has_function_privilege(${role}, p.oid, 'execute')`,
      ),
    );
    expect(
      found
        .flat()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(CALLABLE[role]);
  });

  it("statements of projects run as one who may not even name what is ours", async () => {
    for (const { owner, schema } of Object.values(databases)) {
      const [may] = await owner`select has_schema_privilege('soma_project', ${schema}, 'usage') as use`;
      expect(may).toEqual({ use: false });
    }
  });

  it("a request makes no temporary table, so that it can put nothing before ours", async () => {
    for (const { request, worker } of Object.values(databases))
      for (const sql of [request, worker])
        await refused(sql`create temporary table memory_item (tenant text)`.execute());
  });

  it("a request takes no lock that says who is alive or guards a journal", async () => {
    const { request, worker } = of("runs");
    await refused(request`select pg_try_advisory_lock(1, 1)`.execute());
    await refused(request`select pg_advisory_xact_lock_shared(2, 1)`.execute());
    await refused(
      request`select commit_batch(1, null, 1, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')`.execute(),
    );
    expect(await worker`select pg_advisory_unlock(2, 1)`).toBeDefined();
  });

  it.each(["memory", "policy", "tools"])("a request publishes as its own tenant only: %s", async (name) => {
    const { request, worker } = of(name);
    const [id, type] = [newId(), "agent.audit.v1"];
    const headers = { ce_id: id, ce_tenant: "acme", ce_type: type };
    const insert = (changed: object, topic = `soma.acme.${type}`) =>
      transaction(
        request as Sql,
        { tenant: "acme" },
        (tx) => tx`insert into outbox (bucket, tenant, topic, key, event_id, type, payload, headers)
          values (0, 'acme', ${topic}, 'k', ${id}, ${type}, '{}', ${tx.json({ ...headers, ...changed })})`,
      );
    const forged: [object, string?][] = [
      [{ ce_tenant: "other" }],
      [{ ce_tenant: null }],
      [{ ce_id: newId() }],
      [{ ce_type: "agent.runs.v1" }],
      [{}, `soma.other.${type}`],
    ];
    for (const [changed, topic] of forged)
      await expect(insert(changed, topic), JSON.stringify([changed, topic])).rejects.toMatchObject({ code: "23514" });
    await insert({});
    expect(await worker`select headers from outbox`).toEqual([{ headers }]);
  });

  it("a request writes a history's first event, of a run of its own, and nothing else into a history", async () => {
    const { owner, request } = of("runs");
    const [mine, theirs] = [newId("Run"), newId("Run")];
    for (const [tenant, runId] of [
      ["acme", mine],
      ["other", theirs],
    ]) {
      const session = newId("Session");
      await owner`insert into session (tenant, session_id, created_by) values (${tenant ?? ""}, ${session}, 'x')`;
      await owner`insert into run (run_id, tenant, session_id, graph, graph_version, graph_hash, role, model_profile, input, started_by, deadline,
        idem_key, idem_digest, trace_parent) values (${runId ?? ""}, ${tenant ?? ""}, ${session}, 'g', 1, 'h', 'r', 'm', '{}', 'x', now(), ${runId ?? ""}, 'd', '')`;
    }
    const insert = (runId: string, seq: number, kind = 1) =>
      transaction(
        request as Sql,
        { tenant: "acme" },
        (tx) => tx`
        insert into journal (run_id, seq, tenant, epoch, branch, kind, step, attempt, at, payload, payload_hash, hash)
        values (${runId}, ${seq}, 'acme', 0, 0, ${kind}, 0, 0, now(), '{}', '', '')`,
      );
    await refused(insert(theirs, 1));
    await refused(insert(mine, 2));
    await refused(insert(mine, 1, 4));
    await refused(insert(mine, 2, 40));
    await refused(insert(mine, 2, 41));
    await insert(mine, 1);
  });
});
