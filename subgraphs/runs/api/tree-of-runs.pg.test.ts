import { loadBudgets } from "@soma/conf/budgets";
import { loadTenants } from "@soma/conf/tenants";
import { approval } from "@soma/sdk/approval";
import { graph } from "@soma/sdk/graph";
import { runAgent } from "@soma/sdk/run-agent";
import { type Subgraph, startSubgraph } from "@soma/shared/graphql/server";
import { createServiceClient } from "@soma/shared/graphql/service-client";
import { readTypeDefs } from "@soma/shared/graphql/type-defs";
import { createSilentLog } from "@soma/shared/log";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAdmission } from "../commands/admission.ts";
import { createRunBudgets } from "../commands/run-budgets.ts";
import { createGraphRegistry } from "../engine/graphs/graph-registry.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";
import { scriptedModels } from "../testing/models.ts";
import { createResolvers } from "./resolvers.ts";

const asks = graph("asks", 1, {})
  .node("asks", approval({ ask: () => ({ question: "Sure?", details: [1] }), approved: () => ({ summary: "" }) }))
  .build(() => "sure");
const delegates = graph("delegates", 1, {})
  .node("hands_on", runAgent({ graph: "asks", input: () => ({ text: "ask" }), done: () => ({ summary: "" }) }))
  .build(() => "done");

describe("a tree of runs in the API", () => {
  let harness: EngineHarness;
  let subgraph: Subgraph;
  // biome-ignore lint/suspicious/noExplicitAny: answers of ad hoc documents
  let ask: (source: string) => Promise<any>;

  beforeAll(async () => {
    harness = await createEngineHarness([asks, delegates]);
    const principal = aPrincipal({ roles: ["approver"] });
    subgraph = await startSubgraph({
      name: "runs",
      typeDefs: await readTypeDefs(new URL("./", import.meta.url)),
      resolvers: createResolvers({
        sql: harness.database.request,
        wakeUp: harness.wakeUp,
        admission: createAdmission({ sql: harness.database.request, tenants: loadTenants(), now: () => new Date() }),
        lostHints: { watch: () => () => {} },
        graphs: createGraphRegistry([asks, delegates]),
        budgets: loadBudgets(),
        runBudgets: createRunBudgets({ sql: harness.database.request, conf: loadBudgets() }),
        defaultRole: "assistant",
        pickProfile: () => "scripted",
        models: await scriptedModels(),
        now: () => new Date(),
      }),
      verify: async () => principal,
      log: createSilentLog(),
      host: "127.0.0.1",
      port: 0,
      checks: {},
    });
    const client = createServiceClient({ peer: "runs", url: subgraph.url, sign: async ({ tenant }) => tenant });
    ask = (source) => client.request(source, {}, { principal });
  });
  afterAll(async () => {
    await subgraph.close();
    await harness.close();
  });

  it("shows who started whom and what waits for a person, and takes the decision", async () => {
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "delegates" });
    const list = `{ runs(filter: { status: [WAITING_APPROVAL] }) { nodes { id status children { id } parent { id status children { id } }
      pendingApprovals { id stepId question details role askedAt expiresAt } } } }`;
    const [node] = await until("it asks", async () => {
      const { runs } = await ask(list);
      return runs.nodes.length === 1 ? runs.nodes : undefined;
    });
    expect(node).toMatchObject({
      ...{
        status: "WAITING_APPROVAL",
        children: [],
        parent: { id: runId, status: "RUNNING", children: [{ id: node.id }] },
      },
      pendingApprovals: [
        {
          ...{ id: `${node.id}.1.0`, stepId: `${node.id}.1`, question: "Sure?", details: [1], role: "approver" },
          expiresAt: null,
        },
      ],
    });
    expect(Date.parse(node.pendingApprovals[0].askedAt)).toBeGreaterThan(0);
    const decide = (approve: boolean) =>
      ask(`mutation { decideApproval(input: { approvalId: "${node.id}.1.0", approve: ${approve}, idempotencyKey: "k" }) {
        run { id pendingApprovals { id } } } }`);
    expect(await decide(true)).toEqual({ decideApproval: { run: { id: node.id, pendingApprovals: [] } } });
    await expect(decide(false)).rejects.toMatchObject({ code: "ALREADY_DECIDED" });
    await harness.finished(runId);
    expect(await ask(`{ run(id: "${runId}") { parent { id } pendingApprovals { id } answer } }`)).toEqual({
      run: { parent: null, pendingApprovals: [], answer: "done" },
    });
    await life.close();
  });
});
