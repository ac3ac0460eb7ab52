import { newId } from "@soma/shared/ids";
import { transaction } from "@soma/shared/postgres/transaction";
import { aPrincipal } from "@soma/shared/testing/principals";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createToolsFixture, type ToolsFixture } from "../testing/fixture.ts";
import { document, type Served, serve } from "../testing/served.ts";

const ada = aPrincipal();
const eve = aPrincipal({ tenant: "other", subject: "user:eve" });
const runId = newId();
const stepId = `${runId}.1`;
let fixture: ToolsFixture;
let served: Served;
let id: string;

beforeAll(async () => {
  fixture = await createToolsFixture("tools_tenants");
  served = await serve(fixture);
  const args = { expression: "1 + 1" };
  const call = { tool: "calculate", args, idempotencyKey: "ada" };
  const input = { ...call, decisionToken: await fixture.decide(call, { runId, stepId }), runId, stepId };
  const answer = await served.client.request(
    document<{ invokeTool: { invocation: { id: string } } }, { input: object }>(
      "mutation ($input: InvokeToolInput!) { invokeTool(input: $input) { invocation { id } } }",
    ),
    { input },
    { principal: ada },
  );
  id = answer.invokeTool.invocation.id;
});
afterAll(async () => {
  await served.close();
  await fixture.close();
});

const READ = document<
  Record<string, unknown>,
  { id: string; runId: string; stepId: string }
>(`query ($id: ID!, $runId: ID!, $stepId: ID!) {
  invocation(id: $id) { id output }
  run: _entities(representations: [{ __typename: "Run", id: $runId }]) { ... on Run { invocations { nodes { id } } } }
  step: _entities(representations: [{ __typename: "Step", id: $stepId }]) { ... on Step { invocation { id } } }
}`);
const SELF = document<Record<string, unknown>, { id: string }>(`query ($id: ID!) {
  self: _entities(representations: [{ __typename: "Invocation", id: $id }]) { ... on Invocation { id output args } }
}`);

describe("another tenant", () => {
  it("reads nothing by any id, where its owner reads everything", async () => {
    expect(await served.client.request(READ, { id, runId, stepId }, { principal: ada })).toMatchObject({
      invocation: { id, output: "2" },
      run: [{ invocations: { nodes: [{ id }] } }],
      step: [{ invocation: { id } }],
    });
    expect(await served.client.request(SELF, { id }, { principal: ada })).toMatchObject({
      self: [{ id, output: "2" }],
    });
    expect(await served.client.request(READ, { id, runId, stepId }, { principal: eve })).toEqual({
      invocation: null,
      run: [{ invocations: { nodes: [] } }],
      step: [{ invocation: null }],
    });
    await expect(served.client.request(SELF, { id }, { principal: eve })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("cancels and follows nothing", { timeout: 20_000 }, async () => {
    const cancel = document<unknown, { input: object }>(
      "mutation ($input: CancelInvocationInput!) { cancelInvocation(input: $input) { invocation { id } } }",
    );
    const input = { invocationId: id, idempotencyKey: "theirs" };
    await expect(served.client.request(cancel, { input }, { principal: eve })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    const follow = document<unknown, { id: string }>(
      "subscription ($id: ID!) { toolOutput(invocationId: $id) { __typename } }",
    );
    await expect(served.client.subscribe(follow, { id }, { principal: eve }).next()).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  it("cannot use its own decision in the tenant's name, nor the tenant's decision in its own", async () => {
    const invoke = document<unknown, { input: object }>(
      "mutation ($input: InvokeToolInput!) { invokeTool(input: $input) { invocation { id } } }",
    );
    const args = { expression: "2" };
    const call = { tool: "calculate", args, idempotencyKey: "theft" };
    const adas = await fixture.decide(call);
    const eves = await fixture.decide(call, { tenant: eve.tenant, actor: eve.subject });
    await expect(
      served.client.request(invoke, { input: { ...call, decisionToken: adas } }, { principal: eve }),
    ).rejects.toMatchObject({
      code: "DECISION_INVALID",
    });
    await expect(
      served.client.request(invoke, { input: { ...call, decisionToken: eves } }, { principal: ada }),
    ).rejects.toMatchObject({
      code: "DECISION_INVALID",
    });
  });

  it("finds every table closed to it, and to a connection without a tenant", async () => {
    const tables = await fixture.database.owner<{ name: string; secured: boolean; forced: boolean }[]>`
      select c.relname as name, c.relrowsecurity as secured, c.relforcerowsecurity as forced from pg_class c
      where c.relnamespace = ${fixture.database.schema}::regnamespace and c.relkind = 'r' and c.relname <> 'migration'`;
    expect(tables.length).toBeGreaterThanOrEqual(7);
    for (const { name, secured, forced } of tables) expect([name, secured, forced]).toEqual([name, true, true]);
    for (const tenant of [{ tenant: "other" }, {}]) {
      for (const name of ["invocation", "stream_frame"]) {
        expect(
          await transaction(fixture.database.request, tenant, (tx) => tx.unsafe(`select 1 from ${name}`)),
        ).toHaveLength(0);
      }
    }
    const forged = transaction(
      fixture.database.request,
      { tenant: "other" },
      (tx) => tx`insert into stream_frame (tenant, invocation_id, attempt, seq, n, kind)
      values ('acme', ${id}, 9, 0, 99, 'start')`,
    );
    await expect(forged).rejects.toThrow(/row-level security/);
  });
});
