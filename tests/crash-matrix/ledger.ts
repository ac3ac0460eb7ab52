import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { EffectClass } from "../../subgraphs/runs/testing/evidence.ts";
import type { Phase } from "./striking-proxy.ts";

/** What a step asks a ledger to write down. */
export interface LedgerEntry {
  class: EffectClass;
  runId: string;
  step: number;
  attempt: number;
  key: string;
  pid: number;
}

export interface Ledger {
  url: string;
  entries: readonly LedgerEntry[];
  close(): Promise<void>;
}

/** A service outside, which knows what was done there: `POST` does it, `GET /<key>` tells whether it was done. */
export async function startLedger(onEntry: (entry: LedgerEntry, phase: Phase) => Promise<void>): Promise<Ledger> {
  const entries: LedgerEntry[] = [];
  const answer = async (request: IncomingMessage): Promise<object> => {
    const { method, url = "" } = request;
    if (method === "GET") return { done: entries.some(({ key }) => key === decodeURIComponent(url.slice(1))) };
    const entry = JSON.parse(Buffer.concat(await request.toArray()).toString()) as LedgerEntry;
    await onEntry(entry, "before");
    entries.push(entry);
    await onEntry(entry, "after");
    return {};
  };
  const server = createServer((request, response) => {
    void answer(request).then(
      (body) => response.end(JSON.stringify(body)),
      () => response.destroy(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    entries,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
