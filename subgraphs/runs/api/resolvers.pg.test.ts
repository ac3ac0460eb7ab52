import { Type } from "@soma/sdk/define-tool";
import { appended, graph } from "@soma/sdk/graph";
import { derivedId, newId } from "@soma/shared/ids";
import { aPrincipal } from "@soma/shared/testing/principals";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRunsApi } from "../testing/api.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";

const two = graph("two", 1, { said: appended<string>() })
  .node("a", { type: "tool", run: () => ({ summary: "a" }) })
  .node("b", { type: "tool", run: () => ({ summary: "b" }) })
  .edge("a", "b")
  .build(() => "done");

/** A call that is denied, one that fails, and one that goes well. */
const calls = graph("calls", 1, {})
  .node("denied", { type: "policy", run: () => ({ summary: "no", denied: true }) })
  .node("failed", { type: "tool", run: () => ({ summary: "it failed", output: { tool: "t", status: "FAILED" } }) })
  .node("good", { type: "tool", run: () => ({ summary: "good", output: { tool: "t", status: "SUCCEEDED" } }) })
  .edge("denied", "failed")
  .edge("failed", "good")
  .build(() => "done");

const pays = graph("pays", 1, {}, { input: Type.Object({ amount: Type.Number() }) })
  .node("pay", { type: "tool", run: () => ({ summary: "paid" }) })
  .build(() => "paid");

describe("the runs API", () => {
  let harness: EngineHarness;
  let api: Awaited<ReturnType<typeof startRunsApi>>;
  const ask: typeof api.ask = (query, tenant) => api.ask(query, tenant);
  const runIds: string[] = [];
  let sessionId = "";

  beforeAll(async () => {
    harness = await createEngineHarness([two, calls]);
    api = await startRunsApi(harness, [two, calls, pays]);
    await harness.startWorker();
    for (let i = 0; i < 5; i += 1) {
      const run = await harness.start({ graph: "two", ...(sessionId === "" ? {} : { sessionId }) });
      ({ sessionId } = run);
      runIds.unshift(run.runId);
      await harness.finished(run.runId);
    }
  });
  afterAll(async () => {
    await api.close();
    await harness.close();
  });

  const page = async (args: string): Promise<unknown> => {
    const info = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }";
    const { data, errors } = await ask(`{ runs${args} { nodes { id } edges { cursor } ${info} } }`);
    return errors?.[0] ?? (data?.runs as { nodes: { id: string }[]; pageInfo: object } | undefined);
  };

  it("pages through runs in both directions, newest first", async () => {
    const at = (...places: number[]) => places.map((place) => ({ id: runIds[place] }));
    expect(await page("(first: 2)")).toMatchObject({
      nodes: at(0, 1),
      pageInfo: { hasNextPage: true, hasPreviousPage: false },
    });
    expect(await page(`(first: 9, after: "${runIds[1]}")`)).toMatchObject({
      nodes: at(2, 3, 4),
      pageInfo: { hasNextPage: false, hasPreviousPage: true, startCursor: runIds[2], endCursor: runIds[4] },
    });
    expect(await page(`(last: 2, before: "${runIds[4]}")`)).toMatchObject({
      nodes: at(2, 3),
      pageInfo: { hasNextPage: true, hasPreviousPage: true },
    });
    expect(await page("(last: 1)")).toMatchObject({
      nodes: at(4),
      pageInfo: { hasNextPage: false, hasPreviousPage: true },
    });
    expect(await page('(after: "nonsense")')).toMatchObject({ extensions: { code: "CURSOR_INVALID" } });
    expect(await page("(first: 1, last: 1)")).toMatchObject({ extensions: { code: "BAD_INPUT" } });
  });

  it("pages through the steps of a run in both directions", async () => {
    const steps = async (args: string): Promise<unknown> =>
      (
        await ask(
          `{ run(id: "${runIds[0]}") { steps${args} { totalCount nodes { number } pageInfo { hasNextPage hasPreviousPage } } } }`,
        )
      ).data?.run;
    expect(await steps("(first: 1)")).toEqual({
      steps: { totalCount: 2, nodes: [{ number: 1 }], pageInfo: { hasNextPage: true, hasPreviousPage: false } },
    });
    expect(await steps("(last: 1)")).toMatchObject({
      steps: { nodes: [{ number: 2 }], pageInfo: { hasNextPage: false, hasPreviousPage: true } },
    });
    expect(await steps('(first: 5, after: "2")')).toMatchObject({
      steps: { nodes: [], pageInfo: { hasPreviousPage: true } },
    });
  });

  it("draws the graph of a run, and nothing where its version is not there any more", async () => {
    const draw = async () =>
      (await ask(`{ run(id: "${runIds[0]}") { picture { nodes { id status steps } edges { from to } mermaid } } }`))
        .data;
    expect(await draw()).toMatchObject({
      run: {
        picture: {
          nodes: [
            { id: "a", status: "SUCCEEDED", steps: 1 },
            { id: "b", status: "SUCCEEDED", steps: 1 },
          ],
          edges: [{ from: "a", to: "b" }],
          mermaid: expect.stringContaining("n_a --> n_b"),
        },
      },
    });
    await harness.database.owner`update run set graph_version = 7 where run_id = ${runIds[0] ?? ""}`;
    expect(await draw()).toEqual({ run: { picture: null } });
    await harness.database.owner`update run set graph_version = 1 where run_id = ${runIds[0] ?? ""}`;
  });

  it("says how a run went beside its status, in a list and by itself, and nothing while it goes on", async () => {
    const { runId } = await harness.start({ graph: "calls" }, aPrincipal({ tenant: "other" }));
    await harness.finished(runId);
    const fields = "{ status outcome { kind failedCalls deniedCalls cutAnswers } }";
    const outcome = { kind: "WITH_FAILURES", failedCalls: 1, deniedCalls: 1, cutAnswers: 0 };
    expect((await ask(`{ run(id: "${runId}") ${fields} }`, "other")).data?.run).toEqual({
      status: "SUCCEEDED",
      outcome,
    });
    const [clean] = runIds;
    const listed = (await ask(`{ runs(filter: { graph: "two" }) { nodes ${fields.replace("{", "{ id")} } }`)).data;
    expect((listed?.runs as { nodes: unknown[] } | undefined)?.nodes[0]).toEqual({
      id: clean,
      status: "SUCCEEDED",
      outcome: { kind: "OK", failedCalls: 0, deniedCalls: 0, cutAnswers: 0 },
    });
    await harness.database.owner`update run set status = 4 where run_id = ${runId}`;
    expect((await ask(`{ run(id: "${runId}") ${fields} }`, "other")).data?.run).toEqual({
      status: "PAUSED",
      outcome: null,
    });
  });

  it("lists runs since an instant and by words of their input, and says which of these it cannot read", async () => {
    const list = async (filter: string): Promise<string[]> => {
      const { data } = await ask(`{ runs(filter: { graph: "two", ${filter} }) { nodes { id } } }`);
      return (data?.runs as { nodes: { id: string }[] } | undefined)?.nodes.map(({ id }) => id) ?? [];
    };
    const all = await list("");
    const since = (id = ""): string =>
      `createdAfter: "${new Date(Number.parseInt(id.replace("-", "").slice(0, 12), 16)).toISOString()}"`;
    expect(await list(since(all.at(-1)))).toEqual(all);
    expect((await list(since(all[0])))[0]).toBe(all[0]);
    expect(await list('createdAfter: "2999-01-01T00:00:00Z"')).toEqual([]);
    expect(await list('text: "nobody asked this"')).toEqual([]);
    expect(await list('text: "  "')).toEqual(all);
    for (const wrong of ['createdAfter: "yesterday"', `text: "${"x".repeat(201)}"`])
      expect((await ask(`{ runs(filter: { ${wrong} }) { nodes { id } } }`)).errors?.[0]?.message).toMatch(/^filter\./);
  });

  it("finds any object by its id, and nothing of another tenant", async () => {
    const node = async (id: string, tenant?: string): Promise<unknown> =>
      (await ask(`{ node(id: "${id}") { __typename id ... on Run { status } ... on Step { number } } }`, tenant)).data
        ?.node;
    const [runId = ""] = runIds;
    expect(await node(runId)).toEqual({ __typename: "Run", id: runId, status: "SUCCEEDED" });
    expect(await node(`${runId}.2`)).toEqual({ __typename: "Step", id: `${runId}.2`, number: 2 });
    expect(await node(sessionId)).toEqual({ __typename: "Session", id: sessionId });
    for (const id of [runId, `${runId}.2`, sessionId]) expect(await node(id, "other")).toBeNull();
    for (const id of ["", "x", newId(), newId("Run"), newId("Session"), `${runId}.9`])
      expect(await node(id)).toBeNull();
  });

  it("names the type of an object that another subgraph has", async () => {
    for (const [type, id] of [
      ["Memory", newId("Memory")],
      ["Decision", newId("Decision")],
      ["AuditEvent", newId("AuditEvent")],
      ["Invocation", derivedId("Invocation", "acme", "k")],
    ])
      expect((await ask(`{ node(id: "${id}") { __typename id } }`)).data?.node).toEqual({ __typename: type, id });
  });

  it("tells what an agent is started with, and each fault of an input at its place", async () => {
    const fields = "{ name version file inputSchema picture { nodes { id within status steps } edges { from to } } }";
    const { data } = await ask(`{ two: graph(name: "two") ${fields} pays: graph(name: "pays") { inputSchema }
      none: graph(name: "none") { name } project { name } }`);
    const places = ["a", "b"].map((id) => ({ id, within: null, status: null, steps: 0 }));
    expect(data).toEqual({
      two: {
        ...{ name: "two", version: 1, file: null },
        inputSchema: expect.objectContaining({ required: ["text"] }),
        picture: { nodes: places, edges: [{ from: "a", to: "b" }] },
      },
      pays: { inputSchema: { type: "object", required: ["amount"], properties: { amount: { type: "number" } } } },
      ...{ none: null, project: null },
    });
    const { errors } = await ask(
      'mutation { startRun(input: { graph: "pays", input: { amount: "3" }, idempotencyKey: "k" }) { run { id } } }',
    );
    expect(errors?.[0]?.extensions).toMatchObject({
      code: "BAD_INPUT",
      faults: [{ path: "/amount", message: "must be number" }],
    });
  });

  it("tells the viewer who it is", async () => {
    expect(
      (await ask("{ viewer { subject tenant roles limits { messageBytes inputBytes pageSize runSeconds } } }")).data,
    ).toEqual({
      viewer: {
        subject: "user:ada",
        tenant: "acme",
        roles: ["assistant"],
        limits: { messageBytes: 32_768, inputBytes: 65_536, pageSize: 200, runSeconds: 3_600 },
      },
    });
  });
});
