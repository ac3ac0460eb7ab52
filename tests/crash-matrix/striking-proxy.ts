import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { createStatementReader, type Executed } from "@soma/shared/postgres/testing/read-statements";

/**
 * Where in the life of a statement something strikes: before the server gets it, or when it is done and its answer is
 * on its way.
 */
export type Phase = "before" | "after";

/** A statement, and the texts of those before it in its transaction. */
export interface Told extends Executed {
  before: readonly string[];
}

/** Told of each statement, twice; what it waits for is waited for by that connection alone. */
export type OnStatement = (statement: Told, phase: Phase) => Promise<void>;

export interface StrikingProxy {
  url: string;
  /** The ports of its connections, by which the server knows them. */
  ports(): number[];
  /** Cuts all connections there are. */
  cut(): void;
  close(): Promise<void>;
}

/** Stands before a server and tells of each statement before it gets there, and before its answer leaves. */
export async function createStrikingProxy(serverUrl: string, onStatement: OnStatement): Promise<StrikingProxy> {
  const { hostname, port } = new URL(serverUrl);
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => {}).on("close", () => open.delete(socket));
    }
    join(client, upstream, onStatement);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(serverUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cut = (): void => {
    for (const socket of open) socket.resetAndDestroy();
  };
  return {
    url: url.href,
    ports: () => [...open].flatMap(({ localPort }) => localPort ?? []),
    cut,
    async close() {
      server.close();
      cut();
      await once(server, "close");
    },
  };
}

function join(client: Socket, upstream: Socket, onStatement: OnStatement): void {
  const read = createStatementReader();
  let unanswered: Told[] = [];
  let before: string[] = [];
  const inTransaction = (executed: Executed): Told => {
    const told = { ...executed, before };
    before = executed.text.startsWith("begin") ? [] : [...before, executed.text];
    return told;
  };
  let asking = Promise.resolve();
  let answering = Promise.resolve();
  const tell = async (statements: readonly Told[], phase: Phase): Promise<void> => {
    for (const each of statements) await onStatement(each, phase);
  };
  client.on("data", (chunk) => {
    const statements = read(chunk).map(inTransaction);
    asking = asking
      .then(() => tell(statements, "before"))
      .then(() => {
        if (client.destroyed) return;
        unanswered.push(...statements);
        upstream.write(chunk);
      });
  });
  upstream.on("data", (chunk) => {
    const done = unanswered;
    unanswered = [];
    answering = answering.then(() => tell(done, "after")).then(() => void client.write(chunk));
  });
  client.on("close", () => upstream.destroy());
  upstream.on("close", () => void answering.then(() => client.end()));
}
