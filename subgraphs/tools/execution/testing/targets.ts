import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";

/** What an attack is aimed at: things of this process and of who runs it, and how to reach them. */
export interface Targets {
  given: {
    canary: string;
    tcp: number;
    udp: number;
    unix: string;
    abstract: string;
    pid: number;
    secret: string;
  };
  close(): Promise<void>;
}

/** A file in the home folder, and servers on TCP, UDP and both kinds of Unix sockets, which answer whoever reaches them. */
export async function openTargets(secret: string): Promise<Targets> {
  const folder = await mkdtemp(join(homedir(), ".soma-escape-"));
  const canary = join(folder, "canary");
  await writeFile(canary, secret);
  const unix = join(folder, "socket");
  const abstract = `soma-escape-${process.pid}`;
  const servers = await Promise.all([
    listen({ host: "127.0.0.1", port: 0 }),
    listen({ path: unix }),
    listen({ path: `\0${abstract}` }),
  ]);
  const udp = createSocket("udp4");
  udp.on("message", (message, { port, address }) => udp.send(message, port, address));
  udp.bind(0, "127.0.0.1");
  await once(udp, "listening");
  const tcp = (servers[0].address() as AddressInfo).port;
  return {
    given: { canary, tcp, udp: udp.address().port, unix, abstract, pid: process.pid, secret },
    async close() {
      for (const server of servers) server.close();
      udp.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function listen(where: { host: string; port: number } | { path: string }): Promise<Server> {
  const server = createServer((socket) => socket.on("error", () => {}).end());
  server.listen(where);
  await once(server, "listening");
  return server;
}
