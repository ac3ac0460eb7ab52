import type { CatalogTool, ToolsPort } from "@soma/sdk/services";
import type { ServiceClient } from "@soma/shared/graphql/service-client";
import { derivedId } from "@soma/shared/ids";
import { fromGraphqlFrame } from "@soma/shared/stream-frames/graphql-frames";
import type { LRUCache } from "lru-cache";
import type { ServiceBinding } from "../engine/execute/run-context.ts";
import {
  PeerCancelInvocationDocument,
  PeerInvokeToolDocument,
  PeerToolOutputDocument,
  PeerToolsDocument,
} from "./generated/graphql.ts";
import { heard, PEER_MS } from "./peer-limit.ts";

/** A cancel must not hold up the end of a run. */
const CANCEL_MS = 2_000;

/** The tools subgraph, for one step. */
export function bindTools(
  client: ServiceClient,
  { run, stepId, principal, signal }: ServiceBinding,
  catalogs: LRUCache<string, Promise<readonly CatalogTool[]>>,
): ToolsPort {
  const call = { principal, signal };
  return {
    list() {
      const known = catalogs.get(run.tenant);
      if (known !== undefined) return known;
      // Not given up with the step: others of the tenant wait for the same answer.
      const asked = heard(client.request(PeerToolsDocument, {}, { principal, timeoutMs: PEER_MS })).then((answer) =>
        answer.tools.filter(({ isolation }) => isolation !== "AGENT"),
      );
      asked.catch(() => catalogs.delete(run.tenant));
      catalogs.set(run.tenant, asked);
      return asked;
    },
    invocationIdOf: (idempotencyKey) => derivedId("Invocation", run.tenant, idempotencyKey),
    async invoke({ timeoutMs, callId: _callId, ...params }) {
      const input = { ...params, runId: run.runId, stepId };
      const { invokeTool } = await client.request(PeerInvokeToolDocument, { input }, { ...call, timeoutMs });
      const { id, status, output, error } = invokeTool.invocation;
      return { id, status, output: output ?? null, error: error ?? null };
    },
    // Asked for after the step's signal has aborted.
    async cancel(invocationId) {
      const input = { invocationId, idempotencyKey: `cancel:${invocationId}` };
      await client.request(PeerCancelInvocationDocument, { input }, { principal, timeoutMs: CANCEL_MS });
    },
    async *frames(invocationId, until) {
      const both = { principal, signal: until };
      for await (const { toolOutput } of client.subscribe(PeerToolOutputDocument, { invocationId, after: -1 }, both))
        yield fromGraphqlFrame(toolOutput as Parameters<typeof fromGraphqlFrame>[0]);
    },
  };
}
