import { loadBudgets } from "@soma/conf/budgets";
import { loadTenants } from "@soma/conf/tenants";
import { type Subgraph, startSubgraph } from "@soma/shared/graphql/server";
import { createServiceClient } from "@soma/shared/graphql/service-client";
import { readTypeDefs } from "@soma/shared/graphql/type-defs";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import { countTransactions } from "@soma/shared/testing/count-transactions";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { aPrincipal } from "@soma/shared/testing/principals";
import { createWakeUp } from "@soma/shared/wake-up";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAdmission } from "../commands/admission.ts";
import { createRunBudgets } from "../commands/run-budgets.ts";
import { createGraphRegistry } from "../engine/graphs/graph-registry.ts";
import { runsMigrations } from "../migrate.ts";
import { fillHistory, fillRuns } from "../testing/fill-runs.ts";
import { scriptedModels } from "../testing/models.ts";
import { createResolvers } from "./resolvers.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers of ad hoc documents
type Answer = any;

describe("lists of the runs API", () => {
  let database: TestDatabase;
  let subgraph: Subgraph;
  /** Transactions that requests have opened so far. */
  let transactions: () => number;
  let ask: (source: string) => Promise<Answer>;

  beforeAll(async () => {
    database = await createTestDatabase("runs", await runsMigrations());
    const counted = countTransactions(database.request);
    transactions = counted.transactions;
    subgraph = await startSubgraph({
      name: "runs",
      typeDefs: await readTypeDefs(new URL("./", import.meta.url)),
      resolvers: createResolvers({
        sql: counted.sql,
        wakeUp: createWakeUp(),
        lostHints: { watch: () => () => {} },
        graphs: createGraphRegistry([]),
        admission: createAdmission({ sql: counted.sql, tenants: loadTenants(), now: () => new Date() }),
        budgets: loadBudgets(),
        runBudgets: createRunBudgets({ sql: counted.sql, conf: loadBudgets() }),
        defaultRole: "assistant",
        pickProfile: () => "scripted",
        models: await scriptedModels(),
        now: () => new Date(),
      }),
      verify: async (tenant) => aPrincipal({ tenant }),
      log: createSilentLog(),
      host: "127.0.0.1",
      port: 0,
      checks: {},
    });
    const client = createServiceClient({ peer: "runs", url: subgraph.url, sign: async ({ tenant }) => tenant });
    ask = (source) => client.request(source, {}, { principal: aPrincipal() });
    for (let n = 0; n < 10; n += 1) {
      const sessionId = newId("Session");
      const runIds = await fillRuns(database.owner, {
        tenant: "acme",
        sessionId,
        count: 3,
        fromMs: 1_000_000 + n * 10,
      });
      for (const runId of runIds) await fillHistory(database.owner, { runId, kind: "STEP_DENIED", from: 3, count: 2 });
    }
  });
  afterAll(async () => {
    await subgraph.close();
    await database.close();
  });

  it.each([3, 30])("of %i cost a constant number of transactions, whatever is asked of each", async (first) => {
    const before = transactions();
    const { runs } = await ask(`{ runs(first: ${first}) { nodes { id answer headSeq
      outcome { deniedCalls } steps { nodes { id } } usage { cost } session { id usage { cost } runs(first: 2) { nodes { id } } again: runs(last: 1) { nodes { id } } } } } }`);
    // The list, heads, bad calls, what runs used, steps, sessions, what those used, and their runs.
    expect(transactions() - before).toBe(8);
    expect(runs.nodes).toHaveLength(first);
    for (const { steps, session, outcome } of runs.nodes) {
      expect([steps.nodes.length, outcome.deniedCalls]).toEqual([2, 2]);
      expect([session.runs.nodes.length, session.again.nodes.length]).toEqual([2, 1]);
    }
  });

  it.each([20, 160])("of %i events read the history once for the steps of all of them", async (count) => {
    const [runId = ""] = await fillRuns(database.owner, {
      tenant: "acme",
      sessionId: newId("Session"),
      count: 1,
      fromMs: 2_000_000 + count,
    });
    await fillHistory(database.owner, { runId, kind: "STEP_SUCCEEDED", from: 3, count });
    const before = transactions();
    const { runEventsPage } = await ask(
      `{ runEventsPage(runId: "${runId}", afterSeq: 2, limit: ${count}) { events { step { id } } } }`,
    );
    expect(runEventsPage.events.filter(({ step }: Answer) => step !== null)).toHaveLength(count);
    // The run, its events, and the steps.
    expect(transactions() - before).toBeLessThanOrEqual(3);
  });
});
