import type { Socket } from "node:net";
import type { BreakableProxy } from "./breakable-proxy.ts";

/** What one connection has sent: bytes of a message that is not whole yet, and its prepared statements by name. */
interface Sent {
  rest: Buffer;
  started: boolean;
  prepared: Map<string, string>;
  bound: string;
}

/**
 * The statements that go through a proxy, in their order, as the server executes them: each execution of a prepared one, and each
 * of several that are sent as one text. To be asked for before anybody connects: only from its beginning can a stream be read.
 */
export function recordStatements(proxy: BreakableProxy): string[] {
  const statements: string[] = [];
  const clients = new WeakMap<Socket, Sent>();
  proxy.intercept((chunk, client) => {
    const sent = clients.get(client) ?? { rest: Buffer.alloc(0), started: false, prepared: new Map(), bound: "" };
    clients.set(client, sent);
    sent.rest = Buffer.concat([sent.rest, chunk]);
    for (let message = next(sent); message !== undefined; message = next(sent)) statements.push(...read(sent, message));
    return false;
  });
  return statements;
}

/** A whole message, if there is one: its type, left out of the first of a connection, its length, and what it says. */
function next(sent: Sent): { type: string; body: Buffer } | undefined {
  const { rest, started } = sent;
  const from = started ? 1 : 0;
  if (rest.length < from + 4) return undefined;
  const end = from + rest.readUInt32BE(from);
  if (rest.length < end) return undefined;
  sent.rest = rest.subarray(end);
  sent.started = true;
  return { type: started ? rest.toString("latin1", 0, 1) : "", body: rest.subarray(from + 4, end) };
}

/** The statements that are executed by a message. */
function read(sent: Sent, { type, body }: { type: string; body: Buffer }): string[] {
  const [first = "", second = ""] = body.toString("utf8").split("\0", 2);
  if (type === "P") sent.prepared.set(first, second);
  if (type === "B") sent.bound = sent.prepared.get(second) ?? "";
  if (type === "E") return [sent.bound];
  return type === "Q" ? first.split(";").filter((text) => text.trim() !== "") : [];
}
