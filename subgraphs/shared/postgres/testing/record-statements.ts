import type { Socket } from "node:net";
import type { BreakableProxy } from "./breakable-proxy.ts";
import { createStatementReader } from "./read-statements.ts";

/**
 * The statements that go through a proxy, in their order, as the server executes them. To be asked for before anybody
 * connects: only from its beginning can a stream be read.
 */
export function recordStatements(proxy: BreakableProxy): string[] {
  const statements: string[] = [];
  const clients = new WeakMap<Socket, ReturnType<typeof createStatementReader>>();
  proxy.intercept((chunk, client) => {
    const read = clients.get(client) ?? createStatementReader();
    clients.set(client, read);
    statements.push(...read(chunk).map(({ text }) => text));
    return false;
  });
  return statements;
}
