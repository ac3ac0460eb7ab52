import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

type Cut = "close" | "reset";

export interface BreakableProxy {
  /** The server's address with the proxy's in its place. */
  url: string;
  /** Connections that were taken so far. */
  attempts(): number;
  /** Sees each chunk on its way to the server; true keeps it, and whoever says so has answered the client itself. */
  intercept(keep: (chunk: Buffer, client: Socket) => boolean): void;
  /** Cuts each connection after so many bytes from the server, until told undefined. */
  cutAfter(bytes: number | undefined, how: Cut): void;
  /** Cuts what is open and refuses what comes. */
  refuse(): Promise<void>;
  /** Takes connections again. */
  accept(): Promise<void>;
  close(): Promise<void>;
}

/** A TCP proxy before a real server, to lose connections at chosen moments. */
export async function createBreakableProxy(serverUrl: string): Promise<BreakableProxy> {
  const { hostname, port } = new URL(serverUrl);
  const open = new Set<Socket>();
  let attempts = 0;
  let keep: (chunk: Buffer, client: Socket) => boolean = () => false;
  let limit: { bytes: number; how: Cut } | undefined;

  const server = createServer((client) => {
    attempts += 1;
    let sent = 0;
    const upstream = connect(Number(port), hostname);
    const cut = (how: Cut): void => {
      if (how === "reset") client.resetAndDestroy();
      else client.end();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => {}).on("close", () => open.delete(socket));
    }
    client.on("data", (chunk) => {
      if (!keep(chunk, client)) upstream.write(chunk);
    });
    upstream.on("data", (chunk) => {
      const rest = limit === undefined ? chunk.length : Math.max(0, limit.bytes - sent);
      sent += chunk.length;
      if (client.writable) client.write(chunk.subarray(0, rest));
      if (limit !== undefined && sent >= limit.bytes) cut(limit.how);
    });
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.end());
    if (limit?.bytes === 0) cut(limit.how);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const at = (server.address() as AddressInfo).port;
  const url = new URL(serverUrl);
  url.host = `127.0.0.1:${at}`;

  async function refuse(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    for (const socket of open) socket.destroy();
    await closed;
  }

  return {
    url: url.href,
    attempts: () => attempts,
    intercept(with_) {
      keep = with_;
    },
    cutAfter(bytes, how) {
      limit = bytes === undefined ? undefined : { bytes, how };
    },
    refuse,
    async accept() {
      server.listen(at, "127.0.0.1");
      await once(server, "listening");
    },
    close: refuse,
  };
}
