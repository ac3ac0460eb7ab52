import { type BudgetsConf, loadBudgets } from "@soma/conf/budgets";
import { loadTenants } from "@soma/conf/tenants";
import type { AnyGraph } from "@soma/sdk/graph";
import { startSubgraph } from "@soma/shared/graphql/server";
import { readTypeDefs } from "@soma/shared/graphql/type-defs";
import { createPrincipalSigner, createPrincipalVerifier } from "@soma/shared/identity/internal-token";
import { createSilentLog } from "@soma/shared/log";
import { aPrincipal, createKeys } from "@soma/shared/testing/principals";
import { createResolvers } from "../api/resolvers.ts";
import { createAdmission } from "../commands/admission.ts";
import type { WorkerProcess } from "../commands/kill-worker.ts";
import { createRunBudgets } from "../commands/run-budgets.ts";
import { createGraphRegistry } from "../engine/graphs/graph-registry.ts";
import type { EngineHarness } from "./engine.ts";
import { scriptedModels } from "./models.ts";

export interface Answer {
  data: Record<string, never> | null;
  errors?: { message: string; extensions: { code: string } }[];
}

/** The runs API over the database of a harness, with graphs of its own: it need not know those that the workers run. */
export async function startRunsApi(
  { database, wakeUp }: EngineHarness,
  graphs: readonly AnyGraph[],
  budgets: BudgetsConf = loadBudgets(),
  workerProcess?: WorkerProcess,
): Promise<{ ask(query: string, tenant?: string, roles?: string[]): Promise<Answer>; close(): Promise<void> }> {
  const keys = await createKeys();
  const subgraph = await startSubgraph({
    name: "runs",
    typeDefs: await readTypeDefs(new URL("../api/", import.meta.url)),
    resolvers: createResolvers({
      sql: database.request,
      wakeUp,
      admission: createAdmission({ sql: database.request, tenants: loadTenants(), now: () => new Date() }),
      budgets,
      runBudgets: createRunBudgets({ sql: database.request, conf: budgets }),
      lostHints: { watch: () => () => {} },
      graphs: createGraphRegistry(graphs),
      defaultRole: "assistant",
      pickProfile: () => "scripted",
      models: await scriptedModels(),
      workerProcess,
      now: () => new Date(),
    }),
    verify: createPrincipalVerifier(keys.publicKey),
    log: createSilentLog(),
    host: "127.0.0.1",
    port: 0,
    checks: {},
  });
  const sign = createPrincipalSigner(keys.privateKey, "soma-gateway");
  return {
    async ask(query, tenant = "acme", roles = ["assistant"]) {
      const headers = {
        "content-type": "application/json",
        authorization: `Bearer ${await sign(aPrincipal({ tenant, roles }))}`,
      };
      const response = await fetch(subgraph.url, { method: "POST", headers, body: JSON.stringify({ query }) });
      return (await response.json()) as Answer;
    },
    close: () => subgraph.close(),
  };
}
