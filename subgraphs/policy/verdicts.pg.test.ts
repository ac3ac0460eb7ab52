import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createVerifier, type Finding, sha256 } from "@soma/schemas/verdict/verifier";
import type { ServiceClient } from "@soma/shared/graphql/service-client";
import { newId } from "@soma/shared/ids";
import { createBreakableProxy } from "@soma/shared/postgres/testing/breakable-proxy";
import { recordStatements } from "@soma/shared/postgres/testing/record-statements";
import { transaction } from "@soma/shared/postgres/transaction";
import type { TestDatabase } from "@soma/shared/testing/database";
import { aPrincipal } from "@soma/shared/testing/principals";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fillDecisions } from "./testing/fill-policy.ts";
import { type Answer, askToDecide, createPolicyFixture, type PolicyFixture } from "./testing/fixture.ts";
import { readRecorded } from "./testing/read-recorded.ts";

let fixture: PolicyFixture;
let database: TestDatabase;
let client: ServiceClient;
let folder: string;

beforeAll(async () => {
  fixture = await createPolicyFixture("policy_verdicts");
  ({ database } = fixture);
  client = await fixture.clientOf(await fixture.start());
  folder = await mkdtemp(join(tmpdir(), "soma-bundle-"));
  await writeFile(join(folder, "tools.wasm"), "not wasm");
});
afterAll(async () => {
  await fixture.close();
  await rm(folder, { recursive: true });
});

/** What a stranger finds who has nothing but the tables. */
async function verify(tenant: string): Promise<{ findings: Finding[]; follow: number }> {
  const { decisions, policies, data } = await readRecorded(database.owner, tenant);
  const verifier = createVerifier();
  for (const wasm of policies) await verifier.addPolicy(wasm);
  for (const text of data) verifier.addData(text);
  const findings = decisions.flatMap((decision) => verifier.check(decision) ?? []);
  return { findings, follow: verifier.counts.follow };
}

describe("verdicts", () => {
  it("follow from what was stored with them, whatever was asked", async () => {
    const principal = aPrincipal({ tenant: "whole", roles: ["assistant", "restricted"] });
    const runId = newId("Run");
    await askToDecide(client, { runId, stepId: `${runId}.3` }, principal);
    await askToDecide(client, { stepId: "without-a-run" }, principal);
    await askToDecide(client, { args: [] }, principal);
    await askToDecide(client, { args: { "b\u0000": ["é\u0000", 1e21, -0, 0.1] } }, principal);
    await askToDecide(client, { role: "restricted" }, principal);
    await askToDecide(client, { args: "x".repeat(70_000) }, principal);
    expect(await verify("whole")).toEqual({ findings: [], follow: 6 });
    const [row] = await database.owner`select count(*)::int as n from decision_input where tenant = 'whole'`;
    expect(row).toEqual({ n: 5 });
  });

  it("follow too where the policy was broken: it is kept as it was", async () => {
    const broken = await fixture.clientOf(await fixture.start({ SOMA_POLICY_BUNDLE_DIR: folder }));
    const none = await fixture.clientOf(await fixture.start({ SOMA_POLICY_BUNDLE_DIR: `${folder}/nowhere` }));
    for (const to of [broken, none])
      expect((await askToDecide(to, {}, aPrincipal({ tenant: "hurt" }))).reason).toBe("policy_error: bundle");
    expect(await verify("hurt")).toEqual({ findings: [], follow: 2 });
  });

  it.each([
    ["verdict", "allow = not allow", "DIFFERS"],
    ["reason", "reason = reason || '.'", "DIFFERS"],
    ["obligations", `obligations = '{"sandbox": "none"}'`, "DIFFERS"],
    ["time it stands", "expires_at = expires_at + interval '2 hours'", "DIFFERS"],
    ["actor", "actor = 'user:eve'", "ALTERED"],
    ["arguments", "args_digest = repeat('0', 64)", "ALTERED"],
    ["input", "input_digest = repeat('0', 64)", "UNKNOWN"],
    ["policy", "policy_revision = repeat('0', 64)", "UNKNOWN"],
    ["data", "data_revision = repeat('0', 64)", "UNKNOWN"],
    ["version", "policy_version = 'another'", "ALTERED"],
  ])("whose %s somebody altered are named", async (name, set, kind) => {
    const tenant = `altered-${name.replaceAll(" ", "-")}`;
    const { id } = await askToDecide(client, {}, aPrincipal({ tenant }));
    await database.owner.unsafe(`update decision set ${set} where decision_id = $1`, [id]);
    expect(await verify(tenant)).toMatchObject({ findings: [{ id, kind }], follow: 0 });
  });

  it("are kept without a statement more, but for the first with a policy", async () => {
    const proxy = await createBreakableProxy(database.urls.request);
    const statements = recordStatements(proxy);
    const to = await fixture.clientOf(await fixture.start({ DATABASE_URL: proxy.url }));
    const asked = async (): Promise<string[]> => {
      statements.splice(0);
      await askToDecide(to);
      return statements.flatMap(
        (text) => /^\s*(begin|commit|select pg_advisory|with \w+|insert into \w+|select tenant)/.exec(text)?.[1] ?? [],
      );
    };
    const first = await asked();
    await Promise.all(Array.from({ length: 16 }, () => askToDecide(to)));
    const later = await asked();
    await proxy.close();
    const before = ["begin", "select pg_advisory", "select tenant"];
    const after = ["with asked", "insert into audit_event", "insert into outbox", "commit"];
    expect(first).toEqual([...before, "with policy", ...after]);
    expect(later).toEqual([...before, ...after]);
  });

  it("denied by a broken policy stand no longer than it does; those of a whole one stand", async () => {
    const idempotencyKey = newId();
    const call = { idempotencyKey, tool: "clock", risk: "LOW" };
    const broken = await fixture.clientOf(await fixture.start({ SOMA_POLICY_BUNDLE_DIR: folder }));
    const denied = await askToDecide(broken, call);
    expect(denied).toMatchObject({ allow: false, reason: "policy_error: bundle" });
    expect((await askToDecide(broken, call)).id).toBe(denied.id);
    const repaired = await askToDecide(client, call);
    expect(repaired).toMatchObject({ allow: true, token: expect.any(String) });
    expect((await askToDecide(broken, call)).id).toBe(repaired.id);
  });
});

describe("what verdicts are recomputed from", () => {
  it("has the digest it stands under, and nobody changes or removes it", async () => {
    await askToDecide(client);
    for (const [table, column] of [
      ["decision_input", "input"],
      ["policy_bundle", "wasm"],
      ["policy_data", "data"],
    ]) {
      await expect(database.owner.unsafe(`update ${table} set ${column} = 'x'`)).rejects.toThrow("check constraint");
      for (const statement of [`update ${table} set ${column} = 'x'`, `delete from ${table}`])
        await expect(transaction(database.request, { tenant: "acme" }, (tx) => tx.unsafe(statement))).rejects.toThrow(
          "permission denied",
        );
    }
  });

  it("is shown to its tenant alone where it is a tenant's", async () => {
    await askToDecide(client);
    const seen = (tenant: string, table: string) =>
      transaction(database.request, { tenant }, (tx) => tx.unsafe(`select 1 from ${table}`));
    expect((await seen("acme", "decision_input")).length).toBeGreaterThan(0);
    expect(await seen("stranger", "decision_input")).toHaveLength(0);
    expect((await seen("stranger", "policy_bundle")).length).toBeGreaterThan(0);
    const forged = transaction(
      database.request,
      { tenant: "stranger" },
      (tx) => tx`insert into decision_input (tenant, digest, input) values ('acme', encode(sha256('{}'), 'hex'), '{}')`,
    );
    await expect(forged).rejects.toThrow("row-level security");
  });

  it("stands in tables that are closed to everybody who has no rule", async () => {
    const tables = await database.owner<{ name: string; closed: boolean }[]>`
      select relname as name, relrowsecurity and relforcerowsecurity as closed from pg_class
      where relnamespace = ${database.schema}::regnamespace and relkind = 'r' and relname <> 'migration'`;
    expect(tables.map(({ name }) => name)).toContain("policy_data");
    expect(tables.filter(({ closed }) => !closed)).toEqual([]);
  });
});

describe("the API of verdicts", () => {
  const operator = aPrincipal({ tenant: "shown", roles: ["assistant", "operator"] });
  const ada = aPrincipal({ tenant: "shown" });
  const FIELDS = "id risk input record { tenant policyRevision dataRevision inputDigest input }";
  const ask = (query: string, variables: object, principal = operator): Promise<Answer> =>
    client.request(query, variables, { principal });

  it("gives an operator what recomputes a decision, and everybody what was asked without its secrets", async () => {
    const { id } = await askToDecide(client, { args: { password: 'say "hunter2"', url: "x" } }, ada);
    const query = `query ($id: ID!) { decision(id: $id) { ${FIELDS} } }`;
    const { decision } = await ask(query, { id });
    expect(decision).toMatchObject({ risk: "HIGH", record: { tenant: "shown" } });
    expect(JSON.parse(decision.input)).toMatchObject({ args: { password: "[redacted]", url: "x" } });
    expect(JSON.parse(decision.record.input)).toMatchObject({
      args: { password: 'say "hunter2"' },
      tool: { name: "code_run" },
    });
    await expect(ask(query, { id }, ada)).rejects.toMatchObject({ code: "FORBIDDEN" });
    const seen = "query ($id: ID!) { decision(id: $id) { input } }";
    expect((await ask(seen, { id }, ada)).decision.input).not.toContain("hunter2");
    expect(await ask(seen, { id }, aPrincipal({ tenant: "stranger" }))).toEqual({ decision: null });
    await database.owner`update decision set policy_revision = null where decision_id = ${id}`;
    expect((await ask(query, { id })).decision.record).toBeNull();
  });

  it("gives an operator policies and data by their revisions, and those that decide now", async () => {
    const query = `query ($policyRevision: String, $dataRevision: String) {
      policy(policyRevision: $policyRevision, dataRevision: $dataRevision) { policyRevision dataRevision wasm data } }`;
    const { policy: now } = await ask(query, {});
    const [kept] = (await readRecorded(database.owner, "acme")).policies
      .map(sha256)
      .filter((one) => one === now.policyRevision);
    expect([kept, sha256(Buffer.from(now.wasm, "base64")), sha256(now.data)]).toEqual([
      ...[now.policyRevision, now.policyRevision, now.dataRevision],
    ]);
    const broken = { policyRevision: sha256(new TextEncoder().encode("not wasm")) };
    expect((await ask(query, broken)).policy).toMatchObject({ wasm: Buffer.from("not wasm").toString("base64") });
    expect((await ask(query, { ...broken, dataRevision: "none" })).policy).toBeNull();
    await expect(ask(query, {}, ada)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("reads what a thousand decisions were asked in one request, and no more", async () => {
    const tenant = "many";
    const runId = newId("Run");
    const ids = await fillDecisions(database.owner, { tenant, count: 1_001, fromMs: 1_800_000_000_000, runId });
    await database.owner`update decision set input_digest = decision_id::text where tenant = ${tenant}`;
    const pages = Array.from({ length: 11 }, (_, n) => {
      const after = n === 0 ? "" : `, after: "${ids[n * 100 - 1]}"`;
      return `page${n}: decisions(first: 100${after}) { nodes { input } }`;
    });
    const read = (most: number) => ask(`{ ${pages.slice(0, most).join(" ")} }`, {}, aPrincipal({ tenant }));
    expect(Object.keys(await read(10))).toHaveLength(10);
    await expect(read(11)).rejects.toMatchObject({ code: "BAD_INPUT" });
  });

  it("lists decisions of a time, oldest first, to their tenant alone", async () => {
    const tenant = "listed";
    const made: string[] = [];
    for (let i = 0; i < 3; i += 1) made.push((await askToDecide(client, {}, aPrincipal({ tenant }))).id);
    const list = (args: string, who = tenant) =>
      ask(
        `query { decisions(${args}) { nodes { id } pageInfo { endCursor hasNextPage } } }`,
        {},
        aPrincipal({ tenant: who }),
      );
    const { decisions } = await list("first: 2");
    expect(decisions).toMatchObject({ nodes: [{ id: made[0] }, { id: made[1] }], pageInfo: { hasNextPage: true } });
    expect((await list(`after: "${decisions.pageInfo.endCursor}"`)).decisions.nodes).toEqual([{ id: made[2] }]);
    expect((await list("last: 1")).decisions.nodes).toEqual([{ id: made[2] }]);
    expect((await list('filter: { to: "2020-01-01" }')).decisions.nodes).toEqual([]);
    expect((await list('filter: { from: "2020-01-01", to: "+275760-01-01T00:00:00Z" }')).decisions.nodes).toHaveLength(
      3,
    );
    expect((await list("first: 9", "stranger")).decisions.nodes).toEqual([]);
    for (const from of ["yesterday", "2020-01-01T00:00:00", "1 January 2020", "2020-13-01"])
      await expect(list(`filter: { from: "${from}" }`)).rejects.toMatchObject({ code: "BAD_INPUT" });
  });
});
