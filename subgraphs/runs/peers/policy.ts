import type { PolicyPort } from "@soma/sdk/services";
import type { ServiceClient } from "@soma/shared/graphql/service-client";
import type { ServiceBinding } from "../engine/execute/run-context.ts";
import { PeerDecideDocument } from "./generated/graphql.ts";
import { heard, PEER_MS } from "./peer-limit.ts";

/** The policy subgraph, for one step: the run's role decides. */
export function bindPolicy(client: ServiceClient, { run, stepId, principal, signal }: ServiceBinding): PolicyPort {
  const call = { principal, signal, timeoutMs: PEER_MS };
  return {
    async decide(params) {
      const input = { ...params, role: run.role, runId: run.runId, stepId };
      const { decide } = await heard(client.request(PeerDecideDocument, { input }, call));
      return { ...decide.decision, token: decide.token ?? null };
    },
  };
}
