import type { ServiceClient } from "@soma/shared/graphql/service-client";
import type { Principal } from "@soma/shared/identity/principal";
import type { ModelClient } from "../models/model-client.ts";
import type { PeerToolsQuery } from "../peers/generated/graphql.ts";

export type CatalogTool = PeerToolsQuery["tools"][number];

export interface SessionTurn {
  user: string;
  assistant: string;
}

/** What nodes reach outside the engine: the other subgraphs by their GraphQL API, a model, and the session's earlier turns. */
export interface Services {
  memory: ServiceClient;
  policy: ServiceClient;
  tools: ServiceClient;
  /** Tools a role may be offered, from a copy at most ten seconds old. */
  toolCatalog(principal: Principal): Promise<CatalogTool[]>;
  /** The model of a profile; rejects when it cannot be used. */
  model(profile: string): Promise<ModelClient>;
  /** Finished runs of a session before this one, oldest first, at most `limit`. */
  earlierTurns(params: {
    tenant: string;
    sessionId: string;
    beforeRunId: string;
    limit: number;
  }): Promise<SessionTurn[]>;
}
