import type { Socket } from "node:net";
import { createBreakableProxy } from "@soma/shared/postgres/testing/breakable-proxy";

/** What clients asked a server for. */
export interface Counts {
  statements: number;
  /** Times a client waited for an answer. */
  roundTrips: number;
}

export interface StatementCounter {
  /** The server's address, on the way to which is counted. */
  url: string;
  /** Since the last time it was asked. */
  take(): Counts;
  close(): Promise<void>;
}

/** Counts on the wire, whatever driver is used: messages Execute and Query are statements, Sync and Query wait for an answer. */
export async function countStatements(serverUrl: string): Promise<StatementCounter> {
  const proxy = await createBreakableProxy(serverUrl);
  const unread = new WeakMap<Socket, Buffer>();
  let counts: Counts = { statements: 0, roundTrips: 0 };
  proxy.intercept((chunk, client) => {
    const before = unread.get(client);
    // The first message of a connection has no letter.
    let rest = before === undefined ? chunk.subarray(chunk.readInt32BE()) : Buffer.concat([before, chunk]);
    while (rest.length >= 5 && rest.length > rest.readInt32BE(1)) {
      const letter = String.fromCharCode(rest[0] as number);
      if (letter === "E" || letter === "Q") counts.statements += 1;
      if (letter === "S" || letter === "Q") counts.roundTrips += 1;
      rest = rest.subarray(1 + rest.readInt32BE(1));
    }
    unread.set(client, rest);
    return false;
  });
  return {
    url: proxy.url,
    take() {
      const taken = counts;
      counts = { statements: 0, roundTrips: 0 };
      return taken;
    },
    close: proxy.close,
  };
}
