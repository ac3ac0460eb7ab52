import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What a peer was asked to do. */
export interface AskedOfPeer {
  operation: string;
  input: { idempotencyKey?: string; [name: string]: unknown };
}

const CALCULATE = {
  ...{ name: "calculate", version: "1", description: "Calculates.", inputSchema: { type: "object" } },
  ...{ risk: "LOW", effect: "PURE", isolation: "NONE", timeoutMs: 1_000 },
};

/** Answers over the wire of the other subgraphs: nothing is remembered, every call is allowed, and comes to 444. */
const ANSWERS: Record<string, (input: AskedOfPeer["input"]) => object> = {
  PeerRecall: () => ({ recall: { source: "LOCAL", hits: [] } }),
  PeerRemember: ({ idempotencyKey }) => ({
    remember: { deduplicated: false, memory: { id: `memory of ${idempotencyKey}`, key: idempotencyKey } },
  }),
  PeerLink: () => ({ link: { source: { id: "m" } } }),
  PeerDecide: ({ idempotencyKey: id }) => ({
    decide: { token: "token", decision: { id, allow: true, reason: "allowed" } },
  }),
  PeerTools: () => ({ tools: [CALCULATE] }),
  PeerInvokeTool: ({ idempotencyKey: id }) => ({
    invokeTool: { invocation: { id, status: "SUCCEEDED", output: "444", outputBytes: 3, error: null } },
  }),
};

/**
 * Memory, policy and tools at one address, without what they are; `asked` is what they have answered. `onAsked` is
 * waited for before an answer.
 */
export async function startStandInPeers(onAsked: (asked: AskedOfPeer) => Promise<void>) {
  const asked: AskedOfPeer[] = [];
  const server = createServer(async (request, response) => {
    // What a tool says meanwhile is not told here: who asks for it by a socket has no answer.
    if (request.method !== "POST") return void response.writeHead(404).end();
    const { query, variables } = JSON.parse(Buffer.concat(await request.toArray()).toString());
    const [, operation = ""] = /^\s*(?:query|mutation) (\w+)/.exec(query) ?? [];
    const input = (variables.input ?? {}) as AskedOfPeer["input"];
    asked.push({ operation, input });
    await onAsked({ operation, input });
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ data: ANSWERS[operation]?.(input) ?? null }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: asked as readonly AskedOfPeer[],
    async close(): Promise<void> {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
