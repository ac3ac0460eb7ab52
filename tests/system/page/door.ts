import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket, connect as toSocket } from "node:net";

/** A way to the product that can be shut under a browser, while the product goes on behind it. */
export interface Door {
  url: string;
  /** Cuts every connection, and takes no other one. */
  shut(): Promise<void>;
  /** Under the address it had. */
  open(): Promise<void>;
}

export async function makeDoor(target: string): Promise<Door> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => socket.destroy());
  };
  const server: Server = createServer((client) => {
    const product = toSocket(Number(port), hostname);
    for (const socket of [client, product]) keep(socket);
    client.pipe(product).pipe(client);
  });
  const listen = async (at: number): Promise<number> => {
    server.listen(at, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };
  const own = await listen(0);
  return {
    url: `http://127.0.0.1:${own}`,
    async shut() {
      const shut = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await shut;
    },
    open: async () => void (await listen(own)),
  };
}
