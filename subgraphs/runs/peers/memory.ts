import type { MemoryPort } from "@soma/sdk/services";
import type { ServiceClient } from "@soma/shared/graphql/service-client";
import type { ServiceBinding } from "../engine/execute/run-context.ts";
import { PeerLinkDocument, PeerRecallDocument, PeerRememberDocument } from "./generated/graphql.ts";
import { heard, PEER_MS } from "./peer-limit.ts";

/** The memory subgraph, for one step. */
export function bindMemory(client: ServiceClient, { run, stepId, principal, signal }: ServiceBinding): MemoryPort {
  const call = { principal, signal, timeoutMs: PEER_MS };
  return {
    async recall(input) {
      const { recall } = await heard(client.request(PeerRecallDocument, { input }, call));
      const hits = recall.hits.map(({ memory, score, why }) => ({
        memoryId: memory.id,
        content: memory.content,
        score,
        why,
      }));
      return { source: recall.source.toLowerCase(), hits };
    },
    async remember(params) {
      const input = { ...params, sessionId: run.sessionId, runId: run.runId, stepId };
      const { remember } = await heard(client.request(PeerRememberDocument, { input }, call));
      return { memoryId: remember.memory.id, deduplicated: remember.deduplicated };
    },
    async link(input) {
      await heard(client.request(PeerLinkDocument, { input }, call));
    },
  };
}
