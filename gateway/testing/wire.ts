import { once } from "node:events";
import { type AddressInfo, createConnection, createServer, type Socket } from "node:net";

export interface Wire {
  url: string;
  /** Connections to it that are open. */
  open(): number;
  /** All connections end, and new ones are refused, as when the server was killed. */
  cut(): Promise<void>;
  /** Everything stays connected and nothing is carried any more, as when the server hangs. */
  freeze(): void;
  /** Carries again what comes from now on; who was cut off or kept waiting connects anew. */
  mend(): Promise<void>;
  close(): Promise<void>;
}

/** A wire to a server that can fail: its URL is the server's, by another port. */
export async function createWire(target: string): Promise<Wire> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let frozen = false;
  const server = createServer((near) => {
    const far = createConnection(Number(port), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("data", (data) => void (frozen || to.write(data)));
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  const listen = async (at: number): Promise<number> => {
    await once(server.listen(at, "127.0.0.1"), "listening");
    return (server.address() as AddressInfo).port;
  };
  const own = await listen(0);
  const hangUp = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const cut = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    hangUp();
    await closed;
  };
  return {
    url: target.replace(/:\d+(?=\/|$)/, `:${own}`),
    open: () => sockets.size / 2,
    cut,
    freeze: () => {
      frozen = true;
    },
    async mend() {
      if (frozen) hangUp();
      frozen = false;
      if (!server.listening) await listen(own);
    },
    close: cut,
  };
}
