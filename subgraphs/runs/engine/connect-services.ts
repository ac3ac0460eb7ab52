import { createServiceClient } from "@soma/shared/graphql/service-client";
import type { SignPrincipal } from "@soma/shared/identity/internal-token";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import type { ModelClient } from "../models/model-client.ts";
import { PeerToolsDocument } from "../peers/generated/graphql.ts";
import { readEarlierTurns } from "../store/read-earlier-turns.ts";
import type { CatalogTool, Services } from "./services.ts";

const CATALOG_MS = 10_000;

export interface ConnectServicesOptions {
  urls: { memory: string; policy: string; tools: string };
  sign: SignPrincipal;
  /** A pool of the worker role. */
  sql: Sql;
  model(profile: string): Promise<ModelClient>;
}

export function connectServices(options: ConnectServicesOptions): Services {
  const { urls, sign, sql } = options;
  const tools = createServiceClient({ peer: "tools", url: urls.tools, sign });
  const catalogs = new Map<string, { until: number; tools: Promise<CatalogTool[]> }>();
  return {
    memory: createServiceClient({ peer: "memory", url: urls.memory, sign }),
    policy: createServiceClient({ peer: "policy", url: urls.policy, sign }),
    tools,
    model: options.model,
    toolCatalog(principal) {
      const known = catalogs.get(principal.tenant);
      if (known !== undefined && known.until > Date.now()) return known.tools;
      const asked = tools.request(PeerToolsDocument, {}, { principal }).then((answer) => answer.tools);
      asked.catch(() => catalogs.delete(principal.tenant));
      if (catalogs.size >= 1_000) catalogs.clear();
      catalogs.set(principal.tenant, { until: Date.now() + CATALOG_MS, tools: asked });
      return asked;
    },
    earlierTurns: (params) => transaction(sql, {}, (tx) => readEarlierTurns(tx, params)),
  };
}
