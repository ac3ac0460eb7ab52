import type { BudgetsConf } from "@soma/conf/budgets";
import type { CatalogTool } from "@soma/sdk/services";
import { createServiceClient } from "@soma/shared/graphql/service-client";
import type { SignPrincipal } from "@soma/shared/identity/internal-token";
import type { Sql } from "@soma/shared/postgres/connect";
import { LRUCache } from "lru-cache";
import type { ConnectedServices } from "../engine/execute/run-context.ts";
import { meteredEmbeddings } from "../models/budget/metered-embeddings.ts";
import { meteredModel } from "../models/budget/metered-model.ts";
import { meteredTools } from "../models/budget/metered-tools.ts";
import { createSpenders } from "../models/budget/spender.ts";
import { openWithFallbacks } from "../models/fallback.ts";
import type { ModelSource } from "../models/model-source.ts";
import { tracedEmbeddings } from "../models/telemetry/traced-embeddings.ts";
import { tracedModel } from "../models/telemetry/traced-model.ts";
import { tracedTools } from "../models/telemetry/traced-tools.ts";
import { windowedModel } from "../models/window/windowed-model.ts";
import { createWindows } from "../models/window/windows.ts";
import { bindMemory } from "./memory.ts";
import { bindPolicy } from "./policy.ts";
import { bindSession } from "./session.ts";
import { bindTools } from "./tools.ts";

const CATALOG_MS = 10_000;
const CATALOGS = 1_000;

export interface ConnectServicesOptions {
  urls: { memory: string; policy: string; tools: string };
  sign: SignPrincipal;
  /** A pool of the worker role. */
  sql: Sql;
  models: Pick<ModelSource, "hopsFrom" | "open" | "openEmbeddings">;
  /** What models can read whose profile does not say. */
  contextTokens: number;
  /** What calls may cost. */
  budgets: BudgetsConf;
  /** Tools of a project in the same process: another list when they have changed, and the copies are stale then. */
  moreTools?: (() => unknown) | undefined;
}

/**
 * What steps reach outside: the other subgraphs by their GraphQL API, the same way in every mode, models, the session.
 */
export function connectServices(options: ConnectServicesOptions): ConnectedServices {
  const { urls, sign, sql, models, contextTokens, budgets, moreTools } = options;
  const memory = createServiceClient({ peer: "memory", url: urls.memory, sign });
  const policy = createServiceClient({ peer: "policy", url: urls.policy, sign });
  const tools = createServiceClient({ peer: "tools", url: urls.tools, sign });
  const catalogs = new LRUCache<string, Promise<readonly CatalogTool[]>>({ max: CATALOGS, ttl: CATALOG_MS });
  const windows = createWindows(contextTokens);
  const spenderOf = createSpenders({ sql, conf: budgets });
  let known = moreTools?.();
  return (binding) => {
    const now = moreTools?.();
    if (now !== known) catalogs.clear();
    known = now;
    const { tenant, role, modelProfile, sessionId } = binding.run;
    const spender = spenderOf(binding);
    return {
      // Each profile that is asked pays for itself, and for what it can read.
      model: () =>
        openWithFallbacks(models.hopsFrom(modelProfile), async (name) =>
          windowedModel(
            meteredModel(tracedModel(await models.open(name, { tenant, role }), { sessionId }), spender),
            windows,
          ),
        ),
      embeddings: (name) =>
        models.openEmbeddings(name, { tenant, role }, (client) =>
          meteredEmbeddings(tracedEmbeddings(client, { sessionId }), spender),
        ),
      memory: bindMemory(memory, binding),
      policy: bindPolicy(policy, binding),
      tools: meteredTools(tracedTools(bindTools(tools, binding, catalogs)), spender),
      session: bindSession(sql, binding),
    };
  };
}
