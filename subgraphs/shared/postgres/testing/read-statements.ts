/** A statement as the server executes it, with the values it was given as texts. */
export interface Executed {
  text: string;
  values: (string | null)[];
}

/**
 * Reads what one connection sends, from its beginning on: gives the statements that are executed with a chunk, each
 * execution of a prepared one, and each of several that are sent as one text.
 */
export function createStatementReader(): (chunk: Buffer) => Executed[] {
  const sent: Sent = { rest: Buffer.alloc(0), started: false, prepared: new Map(), bound: { text: "", values: [] } };
  return (chunk) => {
    sent.rest = Buffer.concat([sent.rest, chunk]);
    const executed: Executed[] = [];
    for (let message = next(sent); message !== undefined; message = next(sent)) executed.push(...read(sent, message));
    return executed;
  };
}

/** Bytes of a message that is not whole yet, prepared statements by name, and what was given values last. */
interface Sent {
  rest: Buffer;
  started: boolean;
  prepared: Map<string, string>;
  bound: Executed;
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
function read(sent: Sent, { type, body }: { type: string; body: Buffer }): Executed[] {
  const [first = "", second = ""] = body.toString("utf8").split("\0", 2);
  if (type === "P") sent.prepared.set(first, second);
  if (type === "B") sent.bound = { text: sent.prepared.get(second) ?? "", values: readValues(body, first, second) };
  if (type === "E") return [sent.bound];
  const texts = type === "Q" ? first.split(";").filter((text) => text.trim() !== "") : [];
  return texts.map((text) => ({ text, values: [] }));
}

/** After the names, how the values are written, two bytes each; then the values, each with its length. */
function readValues(body: Buffer, ...names: string[]): (string | null)[] {
  let at = names.reduce((sum, name) => sum + Buffer.byteLength(name) + 1, 0);
  at += 2 + 2 * body.readUInt16BE(at);
  const count = body.readUInt16BE(at);
  at += 2;
  return Array.from({ length: count }, () => {
    const length = body.readInt32BE(at);
    at += 4;
    if (length < 0) return null;
    at += length;
    return body.toString("utf8", at - length, at);
  });
}
