import { loadBudgets } from "@soma/conf/budgets";
import { confFolder } from "@soma/conf/read-conf";
import { loadRoles } from "@soma/conf/roles";
import { loadTenants } from "@soma/conf/tenants";
import { startSubgraph } from "@soma/shared/graphql/server";
import { readTypeDefs } from "@soma/shared/graphql/type-defs";
import { createPrincipalVerifier } from "@soma/shared/identity/internal-token";
import { openKeys } from "@soma/shared/identity/open-keys";
import { createLifecycle } from "@soma/shared/lifecycle";
import type { Log } from "@soma/shared/log";
import { connect } from "@soma/shared/postgres/connect";
import { createNotifiedWakeUp } from "@soma/shared/postgres/notified-wake-up";
import { ping } from "@soma/shared/postgres/ping";
import { runMain } from "@soma/shared/run-main";
import type { Running } from "@soma/shared/subgraph-settings";
import { discoverGraphs } from "./agents/discover-graphs.ts";
import { createResolvers } from "./api/resolvers.ts";
import { createRunHints } from "./api/run-hints.ts";
import { createAdmission } from "./commands/admission.ts";
import type { WorkerProcess } from "./commands/kill-worker.ts";
import { createRunBudgets } from "./commands/run-budgets.ts";
import { readRunsConfig } from "./config.ts";
import type { ProjectState } from "./domain/project-state.ts";
import { unknownAgents } from "./domain/unknown-agents.ts";
import { createGraphRegistry, type GraphRegistry } from "./engine/graphs/graph-registry.ts";
import { followModels } from "./models/follow-models.ts";
import type { ModelSource } from "./models/model-source.ts";

export interface StartRunsDeps {
  env: Record<string, string | undefined>;
  log: Log;
  /** Shared with a worker in the same process, so that a model is looked for once. */
  models?: ModelSource;
  /** Those that ship and those of a project; left out, those that ship. */
  graphs?: GraphRegistry;
  /** One that may be killed to see what becomes of its runs; in development alone. */
  workerProcess?: WorkerProcess | undefined;
  /** What those of a project come from. */
  project?: (() => ProjectState) | undefined;
}

/**
 * The runs API: starts, shows and cancels runs. Executing them is worker.ts, the same package in another deployment.
 */
export async function startRuns(deps: StartRunsDeps): Promise<Running> {
  const config = readRunsConfig(deps.env);
  const log = deps.log.child({ part: "runs" });
  const lifecycle = createLifecycle(log);
  const keys = await openKeys(config, "internalVerifyKey", { log, lifecycle });
  const confDir = confFolder(config.confDir);
  const roles = loadRoles(confDir);
  const models =
    deps.models ??
    (await followModels({ confDir, env: deps.env, settings: config, roles: Object.keys(roles.roles), log, lifecycle }));

  const sql = connect({ url: config.databaseUrl, schema: config.schema, applicationName: "soma-runs", max: 12 });
  lifecycle.add("request pool", () => sql.end({ timeout: 2 }));
  const wakeUp = await createNotifiedWakeUp({ sql, schema: config.schema, log });
  lifecycle.add("wake-up", wakeUp.close);
  const lostHints = createRunHints({ sql, wakeUp, log });
  lifecycle.add("lost hints", lostHints.close);

  const budgets = loadBudgets(confDir);
  const graphs = deps.graphs ?? createGraphRegistry(await discoverGraphs());
  const strangers = unknownAgents(budgets, new Set(graphs.list().map(({ name }) => name)));
  if (strangers.length > 0)
    log.warn({ strangers }, "budgets.yaml names agents that there are not, and limits nobody by that");
  const now = (): Date => new Date();
  const subgraph = await startSubgraph({
    name: "runs",
    typeDefs: await readTypeDefs(new URL("./api/", import.meta.url)),
    resolvers: createResolvers({
      sql,
      wakeUp,
      lostHints,
      graphs,
      project: deps.project,
      budgets,
      runBudgets: createRunBudgets({ sql, conf: budgets }),
      admission: createAdmission({ sql, tenants: loadTenants(confDir), now }),
      defaultRole: roles.default,
      pickProfile: models.pick,
      models,
      workerProcess: deps.workerProcess,
      now,
    }),
    verify: createPrincipalVerifier(keys),
    log,
    host: config.host,
    port: config.port,
    checks: { postgres: () => ping(sql), "lost hints": lostHints.check },
  });
  lifecycle.add("subgraph", subgraph.close);
  return { url: subgraph.url, findFaults: subgraph.findFaults, close: lifecycle.close };
}

if (import.meta.main) await runMain("runs", startRuns, { publishes: false });
