import type { PolicyPort } from "@soma/sdk/services";
import type { ServiceClient } from "@soma/shared/graphql/service-client";
import type { ServiceBinding } from "../engine/execute/run-context.ts";
import { PeerDecideDocument } from "./generated/graphql.ts";

/** The policy subgraph, for one step: the run's role decides. */
export function bindPolicy(client: ServiceClient, { run, stepId, principal, signal }: ServiceBinding): PolicyPort {
  return {
    async decide({ risk, ...params }) {
      const input = { ...params, risk: risk.toLowerCase(), role: run.role, runId: run.runId, stepId };
      const { id, allow, reason, token } = (await client.request(PeerDecideDocument, { input }, { principal, signal }))
        .decide;
      return { id, allow, reason, token: token ?? null };
    },
  };
}
