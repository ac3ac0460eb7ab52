import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket, connect as toSocket } from "node:net";
import { type Change, changeTexts } from "./text-frames.ts";

/** A way to the product that can be shut, or made bad, under a browser, while the product goes on behind it. */
export interface Door {
  url: string;
  /** Cuts every connection, and takes no other one. */
  shut(): Promise<void>;
  /** Under the address it had. */
  open(): Promise<void>;
  /** Where it leads from now on, such as to a product that was started again. */
  leadTo(target: string): void;
  /** What becomes of each message that the product sends on a WebSocket; nothing, when left out. */
  change(change?: Change): void;
  /** Cuts every WebSocket. */
  cutSockets(): void;
  /** Whether upgrades to a WebSocket are answered with 403, as by a proxy that knows none. */
  refuseUpgrades(refuse: boolean): void;
}

const REFUSAL = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

export async function makeDoor(target: string): Promise<Door> {
  let to = new URL(target);
  let change: Change = (text) => text;
  let refuses = false;
  const sockets = new Set<Socket>();
  const upgraded = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => socket.destroy());
  };

  /** A browser makes a connection of its own for each WebSocket: its first bytes tell. */
  function lead(client: Socket, first: Buffer): void {
    const isUpgrade = /^upgrade: *websocket\r$/im.test(first.toString("latin1"));
    if (isUpgrade && refuses) return void client.end(REFUSAL);
    const product = toSocket(Number(to.port), to.hostname);
    keep(product);
    product.write(first);
    product.once("close", (failed) => (failed ? client.destroy() : client.end()));
    client.once("close", () => product.destroy());
    client.pipe(product);
    if (!isUpgrade) return void product.pipe(client);
    upgraded.add(client);
    client.once("close", () => upgraded.delete(client));
    product.pipe(changeTexts((text) => change(text))).pipe(client);
  }

  const server: Server = createServer((client) => {
    keep(client);
    client.once("data", (first: Buffer) => lead(client, first));
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
    leadTo(target) {
      to = new URL(target);
    },
    change(next = (text) => text) {
      change = next;
    },
    cutSockets() {
      for (const socket of upgraded) socket.destroy();
    },
    refuseUpgrades(refuse) {
      refuses = refuse;
    },
  };
}
